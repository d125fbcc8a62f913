"""The scratch folders and the measuring lock of the integration tests serve here as well."""

from tests.integration.conftest import paths

__all__ = ["paths"]
