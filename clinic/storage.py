"""Static files under names that change with their content, so that browsers may keep them for ever."""

from __future__ import annotations

from servestatic.storage import CompressedManifestStaticFilesStorage


class HashedStaticFiles(CompressedManifestStaticFilesStorage):
    # An ES module imports others by name; those names are hashed too.
    support_js_module_import_aggregation = True

    def stored_name(self, name: str) -> str:
        """The hashed name; the plain one where nothing was collected, as in tests."""
        return str(super().stored_name(name)) if self.hashed_files else name
