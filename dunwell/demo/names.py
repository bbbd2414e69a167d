"""Invented names and addresses that fit their country. No person and no company of these names is meant: Latin stems
are made of invented syllables, Chinese names carry 例, 样/樣 or 範 (example, sample, pattern), streets are called so.
E-mail addresses lie under example.com, or under .invalid where they shall bounce.
"""

from dataclasses import dataclass
from random import Random

_HEADS = "Pel Thist Brack Osmer Quill Varn Hest Lumb Corv Drem Falm Gris Halv Jorr Kest Mard Nev Orl Tamb Ulv Yarr Zell".split()
_TAILS = "marrow wick holt stead brin dale mere combe gate low sund heim fors ley nau rond".split()
_FIRST = {
    "DE": "Anke Bernd Frauke Holger Ilka Jens Katja Lutz Meike Uwe".split(),
    "FR": "Aline Bastien Chloé Didier Élodie Fabrice Gaëlle Hugo".split(),
    "NL": "Anouk Bram Femke Joost Maaike Sander Tessa Wouter".split(),
    "US": "Amber Brad Carla Derek Elena Frank Grace Hank".split(),
    "GB": "Alice Ben Clara David Edith Fergus Gemma Hugh".split(),
}
_FIRST |= {"AT": _FIRST["DE"], "CH": _FIRST["DE"], "IE": _FIRST["GB"]}
_ZH_SURNAMES = {"zh-Hans": "陈林黄张李王吴刘蔡杨许郑谢洪郭邱曾赖徐周", "zh-Hant": "陳林黃張李王吳劉蔡楊許鄭謝洪郭邱曾賴徐周"}
_ZH_GIVEN = {"zh-Hans": ("例样", "明文芳强安宁平华"), "zh-Hant": ("例範樣", "明文芳強安寧平華")}
_ZH_BRAND = {"zh-Hans": ("例样", "禾棠岫澜川屿枫筑朗溪"), "zh-Hant": ("例範樣", "禾棠岫瀾川嶼楓築朗溪")}


@dataclass(frozen=True, slots=True)
class Place:
    """Where debtors live: country, how companies are called there, streets, towns (city, postcode, region, zone)."""

    country: str
    language: str
    trades: tuple[str, ...]
    forms: tuple[str, ...]
    streets: tuple[str, ...]
    towns: tuple[tuple[str, str, str, str], ...]


def _towns(*rows: str) -> tuple[tuple[str, str, str, str], ...]:
    split = (row.split("|") for row in rows)
    return tuple((city, postcode, region, zone) for city, postcode, region, zone in split)


PLACES = {
    "DE": Place(
        "DE", "en", ("Metallbau", "Elektrotechnik", "Möbelwerk", "Kältetechnik", "Druckerei", "Gartenbau"), ("GmbH", "GmbH & Co. KG", "KG"),
        ("Musterstraße {n}", "Beispielweg {n}", "Am Probehof {n}"),
        _towns("Bremen|28195||", "Leipzig|04109||", "Köln|50667||", "Nürnberg|90402||", "Rostock|18055||"),
    ),
    "GB": Place(
        "GB", "en", ("Joinery", "Catering Supplies", "Plumbing", "Print Works", "Farm Machinery", "Textiles"), ("Ltd", "LLP"),
        ("{n} Sample Road", "{n} Example Lane", "Unit {n}, Specimen Trading Estate"),
        _towns("LEEDS|LS1 1AA||", "BRISTOL|BS1 1AA||", "GLASGOW|G1 1AA||", "NORWICH|NR1 1AA||"),
    ),
    "FR": Place(
        "FR", "en", ("Menuiserie", "Conserves", "Mécanique", "Papeterie"), ("SARL", "SAS"),
        ("{n} rue de l’Exemple", "{n} allée du Spécimen"), _towns("Lyon|69002||", "Nantes|44000||", "Lille|59000||"),
    ),
    "NL": Place(
        "NL", "en", ("Techniek", "Bloemen", "Scheepsbouw", "Meubelen"), ("B.V.",),
        ("Voorbeeldstraat {n}", "Proefkade {n}"), _towns("Utrecht|3511 AA||", "Groningen|9711 AA||", "Breda|4811 AA||"),
    ),
    "AT": Place(
        "AT", "en", ("Holzbau", "Feinmechanik", "Sportgeräte"), ("GmbH",), ("Mustergasse {n}", "Beispielplatz {n}"),
        _towns("Graz|8010||", "Linz|4020||", "Salzburg|5020||"),
    ),
    "CH": Place(
        "CH", "en", ("Apparatebau", "Uhrenteile", "Confiserie"), ("AG", "GmbH"), ("Beispielstrasse {n}", "Musterweg {n}"),
        _towns("Bern|3011||", "Basel|4051||", "St. Gallen|9000||"),
    ),
    "IE": Place(
        "IE", "en", ("Dairy", "Packaging", "Joinery"), ("Ltd",), ("{n} Sample Street", "{n} Example Quay"),
        _towns("Cork|T12 X000||", "Galway|H91 X000||", "Dublin|D02 X000||"),
    ),
    "US": Place(
        "US", "en", ("Supply", "Outfitters", "Tool & Die", "Refrigeration", "Lumber"), ("Inc.", "LLC"),
        ("{n}00 Example Avenue", "{n}50 Sample Drive"),
        _towns("Albany|12207|NY|America/New_York", "Columbus|43215|OH|America/New_York", "Madison|53703|WI|America/Chicago"),
    ),
    "CN": Place(
        "CN", "zh-Hans", ("五金制品", "纺织", "精密模具", "电子科技", "食品贸易", "建材", "包装印刷", "机电设备"), ("有限公司",),
        ("示例路{n}号", "样板街{n}号", "范例大道{n}号"),
        _towns("苏州市|215000|江苏省|", "杭州市|310000|浙江省|", "深圳市|518000|广东省|", "青岛市|266000|山东省|", "成都市|610000|四川省|", "上海市|200000|上海市|"),
    ),
    "TW": Place(
        "TW", "zh-Hant", ("電子材料", "精密機械", "紡織", "食品貿易", "塑膠製品", "光電", "五金"), ("有限公司", "股份有限公司"),
        ("範例路{n}號", "樣本街{n}號", "示範一路{n}號"),
        _towns("新北市|220||", "台中市|407||", "高雄市|806||", "台南市|701||", "新竹市|300||"),
    ),
    "HK": Place(
        "HK", "zh-Hant", ("貿易", "物流", "鐘錶配件", "玩具製造", "印刷"), ("有限公司",),
        ("示例街{n}號", "樣本道{n}號"), _towns("香港|||", "九龍|||", "新界|||"),
    ),
}  # fmt: skip
"""Where the debtors of the book live."""


def company(rng: Random, place: Place) -> str:
    """A company, e.g. `Kestdale Joinery Ltd`, `苏州例禾纺织有限公司`."""
    trade, form = rng.choice(place.trades), rng.choice(place.forms)
    if place.language == "en":
        return f"{_stem(rng)} {trade} {form}"
    mark, rest = _ZH_BRAND[place.language]
    town = rng.choice(place.towns)[0]
    town = town if place.country == "HK" else town[:2]
    return f"{'香港' if place.country == 'HK' else town}{rng.choice(mark)}{rng.choice(rest)}{trade}{form}"


def person(rng: Random, place: Place) -> str:
    """A person, e.g. `Edith Kestdale`, `陈例安`."""
    if place.language == "en":
        return f"{rng.choice(_FIRST[place.country])} {_stem(rng)}"
    mark, rest = _ZH_GIVEN[place.language]
    return f"{rng.choice(_ZH_SURNAMES[place.language])}{rng.choice(mark)}{rng.choice(rest)}"


def address(rng: Random, place: Place) -> tuple[str, str, str, str, str]:
    """Street, postcode, city, region, zone (the last three may be empty)."""
    city, postcode, region, zone = rng.choice(place.towns)
    return rng.choice(place.streets).format(n=rng.randint(1, 88)), postcode, city, region, zone


def mailbox(number: str, *, consumer: bool, bounces: bool) -> str:
    """An address of its own for each account; one that ends in .invalid is refused by the demonstration's server."""
    local = "me" if consumer else "accounts"
    return f"{local}@c{number.lower()}.invalid" if bounces else f"{local}@c{number.lower()}.example.com"


def _stem(rng: Random) -> str:
    return rng.choice(_HEADS) + rng.choice(_TAILS)
