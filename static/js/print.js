/** The button that browsers have already; shown only where it works. */
const button = document.getElementById("print");
button.hidden = false;
button.addEventListener("click", () => print());
