"""The server's numbers, read as Prometheus reads them."""

from dataclasses import dataclass

from prometheus_client.parser import text_string_to_metric_families

from server import observe


@dataclass(frozen=True)
class Numbers:
    """Every series with its value at one moment."""

    series: dict[tuple[str, frozenset[tuple[str, str]]], float]

    def of(self, name: str, **labels: str) -> float:
        """The sum of all series of that name with these labels; 0 when there is none."""
        wanted = labels.items()
        return sum(value for (each, its), value in self.series.items() if each == name and wanted <= its)

    def labels(self, name: str, label: str) -> set[str]:
        """The values one label has."""
        return {dict(its)[label] for each, its in self.series if each == name and label in dict(its)}


def read(text: str | None = None) -> Numbers:
    """`text` None: those of this process."""
    families = text_string_to_metric_families(text if text is not None else observe.told().decode())
    return Numbers({(s.name, frozenset(s.labels.items())): s.value for family in families for s in family.samples})


def since(before: Numbers, name: str, **labels: str) -> float:
    """What came to it since then."""
    return read().of(name, **labels) - before.of(name, **labels)
