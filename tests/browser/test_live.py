"""static/js/live.js by itself, with a socket that the test holds in its hands."""

from __future__ import annotations

import pytest

from tests.browser.conftest import Servers
from tests.processes import free_port

#: A page with a Live whose socket is a puppet: `said` is what it sent, `boards` what it let through.
PUPPET = """async () => {
  const { Live, reconnectDelay } = await import("/static/js/live.js");
  Object.assign(window, { reconnectDelay, said: [], boards: [], states: [], opened: 0 });
  window.WebSocket = class extends EventTarget {
    static CONNECTING = 0; static OPEN = 1;
    constructor() { super(); window.puppet = this; this.readyState = 1; window.opened += 1; }
    send(text) { window.said.push(JSON.parse(text)); }
    hear(message) { this.dispatchEvent(new MessageEvent("message", { data: JSON.stringify(message) })); }
    end(code) { this.readyState = 3; this.dispatchEvent(new CloseEvent("close", { code })); }
  };
  window.live = new Live({
    path: "/ws/desk/", services: [7],
    onBoard: (board) => window.boards.push(board.version),
    onState: ({ name, code }) => window.states.at(-1) === name || window.states.push(name),
  }).start();
  window.board = (version) => ({ type: "board", board: { service: { id: 7 }, version } });
}"""


@pytest.fixture(scope="module")
def servers(collected, django_db_setup):
    """One web process for all, and no worker: the page needs no row, and its socket is a puppet."""
    running = Servers(collected, free_port())
    try:
        running.start("web")
        yield running
    finally:
        running.stop()


@pytest.fixture
def page(open_page):
    page = open_page("/sign-in/")
    page.evaluate(PUPPET)
    return page


class TestLive:
    def test_drops_a_board_that_is_not_newer(self, page):
        page.evaluate("[5, 4, 5, 6].forEach((version) => puppet.hear(board(version)))")

        assert page.evaluate("boards") == [5, 6]

    def test_asks_again_when_a_tick_tells_of_a_newer_board(self, page):
        page.evaluate("puppet.hear(board(5))")

        page.evaluate("puppet.hear({ type: 'tick', versions: { 7: 5, 8: 9 } })")
        assert page.evaluate("said") == []
        page.evaluate("puppet.hear({ type: 'tick', versions: { 7: 6 } })")
        assert page.evaluate("said") == [{"type": "look", "service": 7}]

    @pytest.mark.parametrize("code", [1000, 1001, 1006, 1011, 1012, 4000])
    def test_comes_back_whatever_the_code(self, page, code):
        page.evaluate("(code) => { Math.random = () => 0; puppet.end(code); }", code)

        page.wait_for_function("() => opened === 2")

    @pytest.mark.parametrize("code", [4401, 4404])
    def test_stays_away_when_it_is_refused(self, page, code):
        page.evaluate("(code) => { puppet.end(code); dispatchEvent(new Event('online')); }", code)

        assert page.evaluate("states") == ["connecting", "refused"]
        assert page.evaluate("opened") == 1

    def test_stays_away_when_its_page_learns_that_it_is_refused(self, page):
        page.evaluate("() => { puppet.close = () => puppet.end(1005); live.refuse(4401); }")
        page.evaluate("dispatchEvent(new Event('online'))")

        assert page.evaluate("states") == ["connecting", "refused"]
        assert page.evaluate("opened") == 1

    def test_comes_back_at_once_when_the_network_does(self, page):
        page.evaluate("() => { Math.random = () => 1; puppet.end(1006); dispatchEvent(new Event('online')); }")

        assert page.evaluate("opened") == 2

    def test_waits_a_random_time_of_at_most_thirty_seconds(self, page):
        longest = page.evaluate("[0, 1, 2, 5, 6, 7, 2000].map((attempt) => reconnectDelay(attempt, () => 1))")

        assert longest == [500, 1000, 2000, 16000, 30000, 30000, 30000]
        assert page.evaluate("reconnectDelay(9, () => 0)") == 0

    def test_is_live_by_ticks_alone(self, page):
        page.evaluate("puppet.hear({ type: 'hello' })")
        assert page.evaluate("states") == ["connecting"]
        page.evaluate("puppet.hear({ type: 'tick', versions: {} })")
        assert page.evaluate("states") == ["connecting", "live"]

    def test_fetches_boards_when_ticks_stay_away(self, page):
        asked = []
        page.route(
            "**/boards/7.json",
            lambda route: (
                asked.append(route.request.headers),
                route.fulfill(json={"service": {"id": 7}, "version": 9}),
            ),
        )

        page.evaluate("live.lastTick -= 16_000")

        page.wait_for_function("() => boards.includes(9)")
        assert page.evaluate("states").count("stale") == 1
        assert asked[0]["if-none-match"] == '"0"'
        page.evaluate("puppet.hear({ type: 'tick', versions: { 7: 9 } })")
        assert page.evaluate("states.at(-1)") == "live"
