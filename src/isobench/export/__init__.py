"""Sessions in the formats of other tools: one module a format, none of which knows how anything was measured."""

from isobench.export.files import write
from isobench.export.formats import FORMATS, exporter
from isobench.export.protocol import Document, Exporter

__all__ = ["FORMATS", "Document", "Exporter", "exporter", "write"]
