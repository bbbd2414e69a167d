"""Small made-up statements, one of each format, that tell the same: two payments in, a fee, one payment taken back."""

import io
from collections.abc import Sequence
from pathlib import Path

from openpyxl import Workbook

from dunwell.core.errors import DunwellError
from dunwell.intake import Defaults, Mapping
from dunwell.intake.statements import StatementFile, format_of, read_statements

NS = "urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"


def balance(code: str, amount: str, day: str, currency: str = "EUR", side: str = "CRDT") -> str:
    return (
        f"<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp><Amt Ccy='{currency}'>{amount}</Amt>"
        f"<CdtDbtInd>{side}</CdtDbtInd><Dt><Dt>{day}</Dt></Dt></Bal>"
    )


def details(amount: str = "", *, text: str = "", end: str = "", name: str = "", iban: str = "", ref: str = "") -> str:
    own = f"<Amt Ccy='EUR'>{amount}</Amt>" if amount else ""
    structured = f"<Strd><CdtrRefInf><Ref>{ref}</Ref></CdtrRefInf></Strd>" if ref else ""
    return (
        f"<TxDtls><Refs><EndToEndId>{end or 'NOTPROVIDED'}</EndToEndId></Refs>{own}"
        f"<RltdPties><Dbtr><Pty><Nm>{name}</Nm></Pty></Dbtr><DbtrAcct><Id><IBAN>{iban}</IBAN></Id></DbtrAcct></RltdPties>"
        f"<RmtInf><Ustrd>{text}</Ustrd>{structured}</RmtInf></TxDtls>"
    )


def entry(
    amount: str, day: str, *parts: str, side: str = "CRDT", ref: str = "", reversal: bool = False, status: str = "BOOK",
    batch: int = 0, currency: str = "EUR",
) -> str:  # fmt: skip
    together = f"<Btch><NbOfTxs>{batch}</NbOfTxs></Btch>" if batch else ""
    return (
        f"<Ntry><Amt Ccy='{currency}'>{amount}</Amt><CdtDbtInd>{side}</CdtDbtInd>"
        f"{'<RvslInd>true</RvslInd>' if reversal else ''}<Sts><Cd>{status}</Cd></Sts><BookgDt><Dt>{day}</Dt></BookgDt>"
        f"<ValDt><Dt>{day}</Dt></ValDt>{f'<AcctSvcrRef>{ref}</AcctSvcrRef>' if ref else ''}"
        f"<NtryDtls>{together}{''.join(parts)}</NtryDtls></Ntry>"
    )


def camt(*inside: str, name: str = "S1", account: str = "DE89370400440532013000", kind: str = "053") -> bytes:
    message, statement = {
        "053": ("BkToCstmrStmt", "Stmt"), "052": ("BkToCstmrAcctRpt", "Rpt"), "054": ("BkToCstmrDbtCdtNtfctn", "Ntfctn")
    }[kind]  # fmt: skip
    return (
        f"<?xml version='1.0' encoding='UTF-8'?><Document xmlns='{NS.replace('053', kind)}'><{message}><GrpHdr>"
        f"<MsgId>M</MsgId></GrpHdr><{statement}><Id>{name}</Id><Acct><Id><IBAN>{account}</IBAN></Id><Ccy>EUR</Ccy></Acct>"
        f"{''.join(inside)}</{statement}></{message}></Document>"
    ).encode()


FIRST = entry(
    "250.50", "2026-11-02",
    details(text="Rechnung R-1001", name="Müller GmbH", iban="DE02120300000000202051", end="E1"), ref="B1",
)  # fmt: skip
SECOND = entry("100.00", "2026-11-03", details(text="R-1002 thanks", name="Chen Ltd", end="E2"), ref="B2")
FEE = entry("5.00", "2026-11-03", side="DBIT", ref="B3")
BACK = entry(
    "100.00", "2026-11-05", details(text="returned", name="Chen Ltd", end="E2"), side="DBIT", ref="B4", reversal=True
)
CAMT = camt(
    balance("OPBD", "1000.00", "2026-11-01"), balance("CLBD", "1245.50", "2026-11-05"), FIRST, SECOND, FEE, BACK
)

MT940 = """\
{1:F01BANKDEFFXXXX0000000000}{2:O940BANKDEFFXXXXN}{4:
:20:STARTUMS
:25:DE89370400440532013000
:28C:11/1
:60F:C261101EUR1000,00
:61:2611021102CR250,50NTRFNONREF//B1
:86:166?00GUTSCHRIFT?20EREF+E1?21SVWZ+Rechnung R-1001?31DE02120300000000202051?32M\u00fcller GmbH
:61:2611031103CR100,NTRFNONREF//B2
:86:/EREF/E2/NAME/Chen Ltd/REMI/USTD//R-1002 thanks/
:61:2611031103DR5,NCHGNONREF//B3
:61:2611051105RC100,NRTINONREF//B4
:86:returned EREF+E2 SVWZ+returned
:62F:C261105EUR1245,50
-}
"""
MT942 = """\
:20:INTERIM
:25:DE89370400440532013000
:28C:11/2
:34F:EUR0,
:13D:2611051200+0100
:61:2611021102CR250,50NTRFNONREF//B1
:86:Rechnung R-1001
:90D:0EUR0,
:90C:1EUR250,50
-
"""
OFX = """\
OFXHEADER:100
DATA:OFXSGML
ENCODING:USASCII
CHARSET:1252

<OFX><SIGNONMSGSRSV1><SONRS><STATUS><CODE>0<SEVERITY>INFO</STATUS></SONRS></SIGNONMSGSRSV1>
<BANKMSGSRSV1><STMTTRNRS><STMTRS><CURDEF>EUR<BANKACCTFROM><BANKID>1<ACCTID>42</BANKACCTFROM><BANKTRANLIST>
<STMTTRN><TRNTYPE>CREDIT<DTPOSTED>20261102120000.000[+1:CET]<TRNAMT>250.50<FITID>B1<NAME>Mueller &amp; Co
<MEMO>R-1001</STMTTRN>
<STMTTRN><TRNTYPE>FEE<DTPOSTED>20261103<TRNAMT>-5,00<FITID>B3<NAME>Fee</STMTTRN>
</BANKTRANLIST><LEDGERBAL><BALAMT>1245.50<DTASOF>20261105</LEDGERBAL></STMTRS></STMTTRNRS></BANKMSGSRSV1></OFX>
"""
ICBC = """\
明细查询文件下载

卡号: 6222****0001,"卡别名: "

交易日期,摘要,交易金额(收入),交易金额(支出),记账金额(收入),记账金额(支出),记账币种,余额,对方户名,对方账户
2026-11-03 \t,"手续费 \t",-,-,"","5.00",人民币,"1,345.50","",""
2026-11-03 \t,"货款R-1002谢谢 \t",-,-,"100.00","",人民币,"1,350.50",陈记贸易有限公司,6222****0002
2026-11-02 \t,"货款R-1001 \t",-,-,"250.50","",人民币,"1,250.50",远大有限公司,6222****0003

人民币合计,,,,"350.50","5.00",
"""
ALIPAY = """\
------------------------------------------------------------------------------------
导出信息：
支付宝账户：shop@example.com
共4笔记录
收入：1笔 250.50元
支出：1笔 5.00元
6.因统计逻辑不同，明细金额直接累加后，可能会和下方统计金额不一致，请以实际交易金额为准；

------------------------支付宝（中国）网络技术有限公司  电子客户回单------------------------
交易时间            ,交易分类,交易对方,对方账号,商品说明,收/支,金额,收/付款方式,交易状态,交易订单号,商家订单号,备注,
2026-11-02 21:32:14 ,转账   ,远大   ,/  ,R-1001 ,收入   ,250.50  ,余额  ,交易成功  ,2026110200001\t,R-1001\t,  ,
2026-11-03 10:00:00 ,服务费    ,支付宝    ,/  ,服务费    ,支出    ,5.00    ,余额  ,交易成功  ,2026110300001\t,\t,  ,
2026-11-03 11:00:00 ,充值提现  ,银行      ,/  ,提现      ,不计收支,100.00  ,余额  ,交易成功  ,2026110300002\t,\t,  ,
2026-11-04 11:00:00 ,商品      ,某人      ,/  ,货        ,收入    ,9.00    ,      ,交易关闭  ,2026110400001\t,\t,  ,
"""
WECHAT_ROWS: list[list[str]] = [
    ["微信支付账单明细"], ["微信昵称：[店]"], ["共2笔记录"], ["收入：1笔 250.50元"], ["支出：1笔 5.00元"],
    ["----------------------微信支付账单明细列表--------------------"],
    "交易时间 交易类型 交易对方 商品 收/支 金额(元) 支付方式 当前状态 交易单号 商户单号 备注".split(),
    ["2026-11-02 12:45:27", "二维码收款", "远大", "R-1001", "收入", "¥250.50", "/", "已存入零钱", "400001", "M1", "/"],
    ["2026-11-03 10:10:11", "服务费", "微信", "/", "支出", "¥5.00", "零钱", "支付成功", "400002", "/", "/"],
]  # fmt: skip
WECHAT = "\n".join(",".join([*row, *[""] * (11 - len(row))]) for row in WECHAT_ROWS) + "\n"
GERMAN = """\
Kontoauszug;DE89370400440532013000
Buchungstag;Wertstellung;Buchungstext;Verwendungszweck;Begünstigter/Zahlungspflichtiger;Kontonummer/IBAN;Betrag;Währung
02.11.2026;02.11.2026;GUTSCHRIFT;Rechnung R-1001;Müller GmbH;DE02120300000000202051;250,50;EUR
03.11.2026;03.11.2026;ENTGELT;Kontoführung;Bank;;-1.005,00;EUR
"""
ENGLISH = """\
Date,Description,Counterparty,Money in,Money out,Balance
2026-11-02,R-1001,Mueller,250.50,,1250.50
2026-11-03,Fee,Bank,,5.00,1245.50
"""


OF_BANKS: dict[str, tuple[str, str]] = {
    "a Chinese bank, money in and out in two columns": (
        "gb18030",
        (
            "账号:,6227000000000000\n"
            "交易时间,借方发生额（支取）,贷方发生额（收入）,余额,币种,对方户名,对方账号,记账日期,摘要,账户明细编号-交易流水号\n"
            '20261102 10:11:12,,"250.50","1,250.50",人民币元,远大有限公司,62220001,20261102,货款R-1001,1-0001\n'
            '20261103 10:11:12,5.00,,"1,245.50",人民币元,,,20261103,手续费,1-0002\n'
        ),
    ),
    "a Chinese bank, day and time apart": (
        "gb18030",
        (
            "企业账户\n账号：12345678\n交易日,交易时间,起息日,交易类型,借方金额,贷方金额,余额,摘要,流水号,收(付)方名称,收(付)方账号\n"
            "20261102,10:11:12,20261102,转账,,250.50,1250.50,货款R-1001,C1,远大有限公司,62220001\n"
            "20261103,10:11:12,20261103,费用,5.00,,1245.50,手续费,C2,,\n"
        ),
    ),
    "a bank in Taiwan": (
        "cp950",
        (
            "帳號:,012345678901\n帳務日期,交易時間,摘要,支出金額,存入金額,餘額,備註\n"
            '2026/11/02,10:11:12,跨行轉入,,"250.50","1,250.50",R-1001 貨款\n'
            '2026/11/03,10:11:12,手續費,5.00,,"1,245.50",手續費\n'
        ),
    ),
    "a German bank, years of two digits": (
        "cp1252",
        (
            '"Auftragskonto";"Buchungstag";"Valutadatum";"Buchungstext";"Verwendungszweck";'
            '"Beguenstigter/Zahlungspflichtiger";"Kontonummer/IBAN";"Betrag";"Waehrung";"Info"\n'
            '"DE89370400440532013000";"02.11.26";"02.11.26";"GUTSCHRIFT";"Rechnung R-1001";"Müller GmbH";'
            '"DE02120300000000202051";"250,50";"EUR";"Umsatz gebucht"\n'
            '"DE89370400440532013000";"03.11.26";"03.11.26";"ENTGELT";"Entgelt";"";"";"-5,00";"EUR";"Umsatz gebucht"\n'
        ),
    ),
}
"""Who exports it -> encoding and file."""


def workbook(rows: Sequence[Sequence[object]]) -> bytes:
    """An XLSX file of one sheet."""
    book, packed = Workbook(), io.BytesIO()
    sheet = book.active
    assert sheet is not None
    for row in rows:
        sheet.append(list(row))
    book.save(packed)
    return packed.getvalue()


SAMPLES: dict[str, bytes] = {
    "statement.xml": CAMT,
    "statement.sta": MT940.encode(),
    "interim.sta": MT942.encode(),
    "statement.ofx": OFX.encode(),
    "icbc.csv": ICBC.encode(),
    "alipay.csv": ALIPAY.encode("gb18030"),
    "wechat.csv": WECHAT.encode("utf-8-sig"),
    "wechat.xlsx": workbook(WECHAT_ROWS),
    "german.csv": GERMAN.encode("cp1252"),
    "english.csv": ENGLISH.encode(),
}


def put(folder: Path, name: str, content: bytes | str) -> Path:
    """A file of the content."""
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def read(folder: Path, name: str, content: bytes | str, mapping: Mapping | None = None) -> StatementFile:
    """The content read as a file of that name."""
    path = put(folder, name, content)
    assert format_of(path, mapping), f"{name} is not recognised as a statement"
    [found] = read_statements([path], defaults=Defaults(currency="EUR"), mapping=mapping)
    return found


def codes(found: StatementFile) -> list[str]:
    """What is wrong with a file, without the room's name."""
    return [code.removeprefix("intake.") for code in found.errors["code"]]


def refusal(folder: Path, name: str, content: bytes | str) -> str:
    """The code with which a file is refused as a whole."""
    path = put(folder, name, content)
    try:
        format_of(path)
        read_statements([path], defaults=Defaults(currency="EUR"))
    except DunwellError as problem:
        return problem.code.removeprefix("intake.")
    return "read"
