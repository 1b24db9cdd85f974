"""The invented customers of the demo. Companies, people and addresses exist nowhere."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Who:
    email: str
    name: str
    role: str
    about: str
    consents: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Prepaid:
    amount_cents: int
    used_cents: int
    bought_days_ago: int


@dataclass(frozen=True, slots=True)
class Customer:
    """`invoice_days_ago` is the age of the last invoice; the one before is 30 days older."""

    company: str
    language: str
    country: str
    address: str
    people: tuple[Who, ...]
    invoice_days_ago: int
    vat_percent: int
    plan: str = "All-inclusive"
    seats: int = 3
    price_cents: int = 11700
    inactive_days: int = 0
    credit: Prepaid | None = None


CUSTOMERS = (
    Customer(
        company="Invented Teapots Ltd",
        language="en",
        country="IE",
        address="1 Nowhere Lane, Dublin",
        vat_percent=23,
        invoice_days_ago=5,
        people=(
            Who(
                "olivia.owner@example.com",
                "Olivia Owner-Example",
                "owner",
                "last invoice 5 days old: can still be corrected",
                ("newsletter", "marketing"),
            ),
            Who("andy.agent@example.com", "Andy Agent-Example", "agent", "not the owner: may not cancel"),
        ),
    ),
    Customer(
        company="Izmišljena Čebelica d.o.o.",
        language="sl",
        country="SI",
        address="Nikjerska ulica 1, Ljubljana",
        vat_percent=22,
        invoice_days_ago=15,
        seats=5,
        price_cents=19500,
        credit=Prepaid(amount_cents=240000, used_cents=100001, bought_days_ago=150),
        people=(
            Who(
                "lastnica.zgled@example.com",
                "Zala Zgledna",
                "owner",
                "annual prepaid credit; last invoice 15 days old: today is the last day to correct it",
                ("newsletter",),
            ),
            Who("agent.zgled@example.com", "Anže Zgledni", "agent", "a colleague without the owner's rights"),
        ),
    ),
    Customer(
        company="UAB Pramanytas Debesėlis",
        language="lt",
        country="LT",
        address="Niekur g. 1, Vilnius",
        vat_percent=21,
        invoice_days_ago=16,
        people=(
            Who(
                "savininkas.pavyzdys@example.org",
                "Pavyzdys Pavyzdaitis",
                "owner",
                "last invoice 16 days old: one day too late to correct it",
                ("marketing",),
            ),
        ),
    ),
    Customer(
        company="Väljamõeldud Kajakas OÜ",
        language="et",
        country="EE",
        address="Olematu tänav 1, Tallinn",
        vat_percent=24,
        invoice_days_ago=35,
        seats=1,
        price_cents=3900,
        inactive_days=33,
        people=(
            Who(
                "omanik.naidis@example.org",
                "Näidis Näidisson",
                "owner",
                "dormant for almost five weeks: past the warning, before deletion",
            ),
        ),
    ),
    Customer(
        company="Измислена Лисица ЕООД",
        language="bg",
        country="BG",
        address="ул. Никъде 1, София",
        vat_percent=20,
        invoice_days_ago=2,
        seats=2,
        price_cents=7800,
        people=(
            Who(
                "sobstvenik.primer@example.com",
                "Примера Примерова",
                "owner",
                "last invoice 2 days old; consents to withdraw",
                ("newsletter", "marketing"),
            ),
            Who("agent.primer@example.com", "Пример Примеров", "agent", "may file data-protection requests"),
        ),
    ),
)
