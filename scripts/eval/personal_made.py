"""Sentences with made-up people's identifiers of thirty countries, and numbers that only look like them.

The check digits are computed here from the countries' own rules, beside agent/detect/national_ids.cc.
"""
import random
import string

TIMES = ["0123456789", "1234067895", "2340178956", "3401289567", "4012395678", "5987604321", "6598710432", "7659821043", "8765932104", "9876543210"]
MOVED = ["0123456789", "1576283094", "5803796142", "8916043527", "9453126870", "4286573901", "2793806415", "7046913258"]


def weigh(body, weights):
    return sum(int(c) * w for c, w in zip(body, weights))


def luhn(body):
    """The check digit behind `body`."""
    total = 0
    for i, c in enumerate(reversed(body)):
        value = int(c) * (2 if i % 2 == 0 else 1)
        total += value - 9 if value > 9 else value
    return str(-total % 10)


class Maker:
    def __init__(self, chooser):
        self.chooser = chooser

    def digits(self, count):
        return "".join(self.chooser.choice(string.digits) for _ in range(count))

    def nonzero(self, count):
        return str(self.chooser.randint(1, 9)) + self.digits(count - 1)

    def letters(self, count, alphabet=string.ascii_uppercase):
        return "".join(self.chooser.choice(alphabet) for _ in range(count))

    def day(self):
        return f"{self.chooser.randint(1, 28):02}", f"{self.chooser.randint(1, 12):02}", f"{self.chooser.randint(40, 99):02}"

    def until(self, make):
        """The first draw that is no None."""
        while True:
            value = make()
            if value:
                return value

    def us_ssn(self):
        return f"{self.chooser.choice([n for n in range(101, 899) if n != 666])}-{self.chooser.randint(10, 99)}-{self.chooser.randint(1000, 9999)}"

    def us_itin(self):
        return f"9{self.digits(2)}-{self.chooser.randint(70, 88)}-{self.nonzero(4)}"

    def ca_sin(self):
        body = str(self.chooser.choice([1, 2, 3, 4, 5, 6, 7])) + self.digits(7)
        whole = body + luhn(body)
        return self.chooser.choice([whole, f"{whole[:3]} {whole[3:6]} {whole[6:]}", f"{whole[:3]}-{whole[3:6]}-{whole[6:]}"])

    def uk_nhs(self):
        def make():
            body = self.nonzero(9)
            check = (11 - weigh(body, range(10, 1, -1)) % 11) % 11
            return None if check == 10 else f"{body[:3]} {body[3:6]} {body[6:]}{check}"
        return self.until(make)

    def uk_nino(self):
        first = self.letters(1, "ABCEGHJKLMNOPRSTWXYZ".replace("O", "")) + self.letters(1, "ABCEGHJLMPRSWXYZ")
        if first in ("BG", "GB", "NK", "KN", "TN", "NT", "ZZ"):
            first = "AB"
        number, end = self.digits(6), self.letters(1, "ABCD")
        return self.chooser.choice([first + number + end, f"{first} {number[:2]} {number[2:4]} {number[4:]} {end}"])

    def de_steuer_id(self):
        body, product = self.nonzero(10), 10
        for c in body:
            product = ((int(c) + product) % 10 or 10) * 2 % 11
        whole = body + str((11 - product) % 10)
        return self.chooser.choice([whole, f"{whole[:2]} {whole[2:5]} {whole[5:8]} {whole[8:]}"])

    def fr_nir(self):
        body = f"{self.chooser.randint(1, 2)}{self.digits(2)}{self.chooser.randint(1, 12):02}{self.chooser.randint(1, 95):02}{self.digits(6)}"
        key = f"{97 - int(body) % 97:02}"
        return self.chooser.choice([body + key, f"{body[0]} {body[1:3]} {body[3:5]} {body[5:7]} {body[7:10]} {body[10:]} {key}"])

    def es_dni(self):
        number = self.nonzero(8)
        return number + self.chooser.choice(["", "-"]) + "TRWAGMYFPDXBNJZSQVHLCKE"[int(number) % 23]

    def es_nie(self):
        first, rest = self.chooser.choice("XYZ"), self.digits(7)
        return first + rest + "TRWAGMYFPDXBNJZSQVHLCKE"[int(str("XYZ".index(first)) + rest) % 23]

    def it_codice_fiscale(self):
        odd = [1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23]
        body = self.letters(6) + f"{self.chooser.randint(40, 99)}{self.letters(1, 'ABCDEHLMPRST')}{self.chooser.randint(1, 31):02}{self.letters(1)}{self.digits(3)}"
        value = lambda c: int(c) if c.isdigit() else ord(c) - 65
        total = sum(odd[value(c)] if i % 2 == 0 else value(c) for i, c in enumerate(body))
        return body + chr(65 + total % 26)

    def nl_bsn(self):
        def make():
            body = self.nonzero(8)
            check = weigh(body, range(9, 1, -1)) % 11
            return body + str(check) if check < 10 else None
        return self.until(make)

    def be_rrn(self):
        day, month, year = self.day()
        body = f"{year}{month}{day}{self.chooser.randint(1, 997):03}"
        whole = body + f"{97 - int(body) % 97:02}"
        return self.chooser.choice([whole, f"{whole[:2]}.{whole[2:4]}.{whole[4:6]}-{whole[6:9]}.{whole[9:]}"])

    def pl_pesel(self):
        day, month, year = self.day()
        body = year + month + day + self.digits(4)
        return body + str(-weigh(body, [1, 3, 7, 9, 1, 3, 7, 9, 1, 3]) % 10)

    def no_fnr(self):
        def make():
            day, month, year = self.day()
            body = day + month + year + self.digits(3)
            one = -weigh(body, [3, 7, 6, 1, 8, 9, 4, 5, 2]) % 11
            two = -weigh(body + str(one % 10), [5, 4, 3, 2, 7, 6, 5, 4, 3, 2]) % 11
            return None if 10 in (one, two) else self.chooser.choice([f"{body}{one}{two}", f"{body[:6]} {body[6:]}{one}{two}"])
        return self.until(make)

    def dk_cpr(self):
        day, month, year = self.day()
        return f"{day}{month}{year}-{self.digits(4)}"

    def se_personnummer(self):
        day, month, year = self.day()
        body = year + month + day + self.digits(3)
        return self.chooser.choice(["", "19"]) + f"{body[:6]}-{body[6:]}{luhn(body)}"

    def fi_hetu(self):
        day, month, year = self.day()
        number = f"{self.chooser.randint(2, 899):03}"
        return f"{day}{month}{year}-{number}" + "0123456789ABCDEFHJKLMNPRSTUVWXY"[int(day + month + year + number) % 31]

    def ch_ahv(self):
        body = "756" + self.digits(9)
        whole = body + str(-weigh(body, [1, 3] * 6) % 10)
        return f"{whole[:3]}.{whole[3:7]}.{whole[7:11]}.{whole[11:]}"

    def at_svnr(self):
        def make():
            day, month, year = self.day()
            serial = self.nonzero(3)
            check = weigh(serial + day + month + year, [3, 7, 9, 5, 8, 4, 2, 1, 6]) % 11
            return None if check == 10 else f"{serial}{check} {day}{month}{year}"
        return self.until(make)

    def pt_nif(self):
        body = "2" + self.digits(7)
        check = 11 - weigh(body, range(9, 1, -1)) % 11
        return body + str(0 if check > 9 else check)

    def gr_amka(self):
        day, month, year = self.day()
        body = day + month + year + self.digits(4)
        return body + luhn(body)

    def ro_cnp(self):
        day, month, year = self.day()
        body = f"{self.chooser.randint(1, 2)}{year}{month}{day}{self.chooser.randint(1, 46):02}{self.chooser.randint(1, 999):03}"
        check = weigh(body, [2, 7, 9, 1, 4, 6, 3, 5, 8, 2, 7, 9]) % 11
        return body + str(1 if check == 10 else check)

    def bg_egn(self):
        day, month, year = self.day()
        body = year + month + day + self.digits(3)
        return body + str(weigh(body, [2, 4, 8, 5, 10, 9, 7, 3, 6]) % 11 % 10)

    def cz_rc(self):
        def make():
            day, month, year = self.day()
            body = f"{year}{month}{day}{self.digits(3)}"
            check = int(body) % 11
            return f"{body[:6]}/{body[6:]}{check}" if check < 10 and int(body + str(check)) % 11 == 0 else None
        for _ in range(2000):
            day, month, year = self.day()
            number = f"{year}{month}{day}{self.digits(4)}"
            if int(number) % 11 == 0:
                return f"{number[:6]}/{number[6:]}"
        return make()

    def hr_oib(self):
        body, product = self.nonzero(10), 10
        for c in body:
            product = ((int(c) + product) % 10 or 10) * 2 % 11
        return body + str((11 - product) % 10)

    def tr_tckn(self):
        body = self.nonzero(9)
        tenth = (sum(int(c) for c in body[0::2]) * 7 - sum(int(c) for c in body[1::2])) % 10
        return body + str(tenth) + str((sum(int(c) for c in body) + tenth) % 10)

    def br_cpf(self):
        body = self.digits(9)
        for weights in (range(10, 1, -1), range(11, 1, -1)):
            rest = weigh(body, weights) * 10 % 11
            body += str(0 if rest == 10 else rest)
        return f"{body[:3]}.{body[3:6]}.{body[6:9]}-{body[9:]}"

    def ar_cuit(self):
        def make():
            body = self.chooser.choice(["20", "27", "23"]) + self.digits(8)
            check = 11 - weigh(body, [5, 4, 3, 2, 7, 6, 5, 4, 3, 2]) % 11
            check = 0 if check == 11 else check
            return None if check == 10 else f"{body[:2]}-{body[2:]}-{check}"
        return self.until(make)

    def cl_rut(self):
        number = self.chooser.randint(5_000_000, 25_000_000)
        total = sum(int(c) * (2 + i % 6) for i, c in enumerate(reversed(str(number))))
        check = {11: "0", 10: "K"}.get(11 - total % 11, str(11 - total % 11))
        return f"{number:,}".replace(",", ".") + "-" + check

    def mx_curp(self):
        day, month, year = self.day()
        body = self.letters(4) + year + month + day + self.letters(1, "HM") + self.letters(2) + self.letters(3, "BCDFGHJKLMNPQRSTVWXYZ") + self.digits(1)
        alphabet = "0123456789ABCDEFGHIJKLMN*OPQRSTUVWXYZ"
        return body + str(-sum(alphabet.index(c) * (18 - i) for i, c in enumerate(body)) % 10)

    def in_aadhaar(self):
        body = str(self.chooser.randint(2, 9)) + self.digits(10)
        for last in string.digits:
            check = 0
            for i, c in enumerate(reversed(body + last)):
                check = int(TIMES[check][int(MOVED[i % 8][int(c)])])
            if check == 0:
                return f"{body[:4]} {body[4:8]} {body[8:]}{last}"
        return ""

    def in_pan(self):
        return self.letters(3) + "P" + self.letters(1) + self.digits(4) + self.letters(1)

    def kr_rrn(self):
        day, month, year = self.day()
        body = year + month + day + str(self.chooser.randint(1, 2)) + self.digits(5)
        return f"{body[:6]}-{body[6:]}{(11 - weigh(body, [2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5]) % 11) % 10}"

    def jp_my_number(self):
        body = self.nonzero(11)
        rest = weigh(body, [6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2]) % 11
        return body + str(0 if rest <= 1 else 11 - rest)

    def cn_id(self):
        day, month, year = self.day()
        body = f"11010{self.chooser.randint(1, 9)}19{year}{month}{day}{self.digits(3)}"
        return body + "10X98765432"[weigh(body, [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2]) % 11]

    def sg_nric(self):
        digits, first = self.digits(7), self.chooser.choice("ST")
        total = weigh(digits, [2, 7, 6, 5, 4, 3, 2]) + (4 if first == "T" else 0)
        return first + digits + "JZIHGFEDCBA"[total % 11]

    def tw_id(self):
        first, body = self.letters(1), str(self.chooser.randint(1, 2)) + self.digits(7)
        code = "ABCDEFGHJKLMNPQRSTUVXYWZIO".index(first) + 10
        total = code // 10 + code % 10 * 9 + weigh(body, range(8, 0, -1))
        return first + body + str(-total % 10)

    def th_id(self):
        body = self.nonzero(12)
        whole = body + str((11 - weigh(body, range(13, 1, -1)) % 11) % 10)
        return f"{whole[0]}-{whole[1:5]}-{whole[5:10]}-{whole[10:12]}-{whole[12]}"

    def za_id(self):
        day, month, year = self.day()
        body = year + month + day + self.digits(4) + "08"
        return body + luhn(body)

    def il_id(self):
        body = self.nonzero(8)
        return body + luhn(body)

    def au_tfn(self):
        def make():
            number = self.nonzero(9)
            return f"{number[:3]} {number[3:6]} {number[6:]}" if weigh(number, [1, 4, 3, 7, 5, 8, 6, 9, 10]) % 11 == 0 else None
        return self.until(make)

    def ie_pps(self):
        body = self.digits(7)
        return body + "WABCDEFGHIJKLMNOPQRSTUV"[weigh(body, range(8, 1, -1)) % 23]

    def payment_card(self):
        first = self.chooser.choice(["4", "51", "55", "2221", "34", "37", "6011", "35" + "3"])
        length = 15 if first in ("34", "37") else 16
        body = first + self.digits(length - 1 - len(first))
        whole = body + luhn(body)
        if length == 15:
            return self.chooser.choice([whole, f"{whole[:4]} {whole[4:10]} {whole[10:]}"])
        return self.chooser.choice([whole, " ".join(whole[i:i + 4] for i in range(0, 16, 4)), "-".join(whole[i:i + 4] for i in range(0, 16, 4))])

    def iban(self):
        country, bban = self.chooser.choice([("DE", self.digits(18)), ("FR", self.digits(23)), ("GB", "NWBK" + self.digits(14)), ("NL", "INGB" + self.digits(10)), ("ES", self.digits(20)), ("CH", self.digits(17)), ("NO", self.digits(11)), ("IT", "X" + self.digits(22))])
        check = 98 - int("".join(str(int(c, 36)) for c in bban + country + "00")) % 97
        whole = f"{country}{check:02}{bban}"
        return self.chooser.choice([whole, " ".join(whole[i:i + 4] for i in range(0, len(whole), 4))])


# How people call their numbers, in English and at home.
LABELS = {
    "us_ssn": ["SSN", "social security number", "Social Security No."], "us_itin": ["ITIN", "taxpayer identification number"], "ca_sin": ["SIN", "social insurance number", "NAS"], "uk_nhs": ["NHS number", "NHS no"],
    "uk_nino": ["National Insurance number", "NI number", "NINO"], "de_steuer_id": ["Steuer-ID", "Steueridentifikationsnummer", "German tax ID", "IdNr."], "fr_nir": ["numéro de sécurité sociale", "NIR", "French social security number"], "es_dni": ["DNI", "NIF", "Spanish ID"],
    "es_nie": ["NIE", "número de extranjero"], "it_codice_fiscale": ["codice fiscale", "Italian tax code"], "nl_bsn": ["BSN", "burgerservicenummer"], "be_rrn": ["rijksregisternummer", "numéro de registre national", "Belgian national number"], "pl_pesel": ["PESEL", "numer PESEL"],
    "no_fnr": ["fødselsnummer", "Norwegian ID number", "personnummer"], "dk_cpr": ["CPR-nummer", "CPR number"], "se_personnummer": ["personnummer", "Swedish personal identity number"], "fi_hetu": ["henkilötunnus", "HETU", "Finnish personal ID"], "ch_ahv": ["AHV-Nummer", "numéro AVS", "Swiss social security number"],
    "at_svnr": ["Sozialversicherungsnummer", "SV-Nummer", "SVNR"], "pt_nif": ["NIF", "número de contribuinte", "Portuguese tax number"], "gr_amka": ["AMKA", "ΑΜΚΑ"], "ro_cnp": ["CNP", "cod numeric personal"], "bg_egn": ["EGN", "ЕГН"], "cz_rc": ["rodné číslo", "Czech birth number"], "hr_oib": ["OIB", "osobni identifikacijski broj"],
    "tr_tckn": ["TC kimlik no", "T.C. Kimlik Numarası", "TCKN"], "br_cpf": ["CPF", "número do CPF"], "ar_cuit": ["CUIT", "CUIL"], "cl_rut": ["RUT", "Chilean RUT"], "mx_curp": ["CURP", "clave CURP"], "in_aadhaar": ["Aadhaar number", "Aadhaar", "UIDAI number"], "in_pan": ["PAN", "permanent account number", "PAN card"],
    "kr_rrn": ["주민등록번호", "resident registration number", "RRN"], "jp_my_number": ["マイナンバー", "My Number", "個人番号"], "cn_id": ["身份证号", "Chinese ID number", "居民身份证号码"], "sg_nric": ["NRIC", "NRIC number"], "tw_id": ["身分證字號", "Taiwan ID"], "th_id": ["เลขประจำตัวประชาชน", "Thai ID", "บัตรประชาชน"],
    "za_id": ["South African ID number", "ID number", "RSA ID"], "il_id": ["teudat zehut", "Israeli ID", "מספר זהות"], "au_tfn": ["TFN", "tax file number"], "ie_pps": ["PPS number", "PPSN"], "payment_card": ["card number", "credit card", "Visa card", "Kreditkarte"], "iban": ["IBAN", "account", "bank account"],
}
SENTENCES = ["My {l} is {v}.", "{l}: {v}", "Please update my {l} to {v} in your records.", "Name: Jane Roe\n{l}: {v}\nCity: Springfield", "Can you fill in the form for me? {l} {v}", "Her {l}, {v}, was printed on the letter.", '{{"name": "J. Roe", "{l}": "{v}"}}', "| Roe | {l} | {v} |",
             "Kunde Roe, {l} {v}, bittet um Rückruf.", "I live abroad, {l} = {v}, do I have to file taxes?", "The applicant ({l} {v}) signed today.", "mein {l} lautet {v}"]


def near_miss(chooser):
    make = Maker(chooser)
    day, month, year = make.day()
    return chooser.choice([
        lambda: ("order", f"Your order {make.digits(chooser.randint(8, 12))} has shipped, tracking {make.digits(chooser.choice([12, 15, 18, 20, 22]))}."), lambda: ("invoice", f"Invoice no. {make.digits(9)} of 20{year[1]}4-{month}-{day}"), lambda: ("time", f"started at {chooser.randint(1600000000, 1800000000)}, took {make.digits(6)} ms"),
        lambda: ("milliseconds", f'{{"ts": {chooser.randint(1600000000000, 1800000000000)}, "seq": {make.digits(8)}}}'), lambda: ("uuid", f"id {make.digits(8)}-{make.digits(4)}-4{make.digits(3)}-8{make.digits(3)}-{make.digits(12)}"), lambda: ("isbn", f"ISBN 978-{chooser.randint(0, 9)}-{make.digits(3)}-{make.digits(5)}-{chooser.randint(0, 9)}"), lambda: ("ean", f"EAN 40{make.digits(11)}"),
        lambda: ("number", f"The population is {chooser.randint(10**6, 10**9):,}; the area {make.digits(6)} km2."), lambda: ("constant", f"pi = 3.14159265358979{make.digits(6)}"), lambda: ("coordinates", f"{chooser.randint(-89, 89)}.{make.digits(6)}, {chooser.randint(-179, 179)}.{make.digits(6)}"), lambda: ("version", f"build {make.digits(2)}.{make.digits(3)}.{make.digits(4)}-{make.digits(2)}"),
        lambda: ("sku", f"SKU {make.letters(2)}{make.digits(6)}{make.letters(1)} in stock"), lambda: ("flight", f"Flight {make.letters(2)}{make.digits(4)}, booking {make.letters(6)}"), lambda: ("hash", f"md5 {''.join(chooser.choice('0123456789abcdef') for _ in range(32))}"), lambda: ("ip", f"host {'.'.join(str(chooser.randint(1, 254)) for _ in range(4))} port {make.digits(4)}"),
        lambda: ("phone of a shop", f"Hotline 0800 {make.digits(7)}"), lambda: ("desk", "Write to support@harbor.dev or info@harbor.dev."), lambda: ("ticket", f"ticket #{make.digits(9)} was closed; see also {make.digits(9)}"), lambda: ("account id", f"AWS account {make.digits(12)}, arn:aws:iam::{make.digits(12)}:role/ci"), lambda: ("dataset row", ",".join(make.digits(chooser.randint(3, 9)) for _ in range(8))),
        lambda: ("product key", f"{make.letters(4)}{make.digits(6)}{make.letters(1)}-{make.digits(3)}"), lambda: ("masked", f"SSN: ***-**-{make.digits(4)}, card ending in {make.digits(4)}"), lambda: ("placeholder", chooser.choice(["SSN: 123-45-6789", "SSN 000-00-0000", "Card number: XXXX-XXXX-XXXX-XXXX", "IBAN: DE00 0000 0000 0000 0000 00", "phone: 555-0100", "user@example.com"])),
        lambda: ("question", chooser.choice(["How do I check whether an IBAN is valid?", "What does the PESEL number of Poland contain?", "Write a regex for a US SSN like ddd-dd-dddd.", "Explain the Luhn algorithm.", "Where do I find my NHS number?", "What is a codice fiscale?"])),
        lambda: ("bad iban", f"IBAN DE{make.digits(2)} {make.digits(4)} {make.digits(4)} {make.digits(4)} {make.digits(4)} 0{chooser.randint(0, 9)}x"), lambda: ("snowflake id", f"tweet {chooser.randint(10**17, 9 * 10**18)}"), lambda: ("imei", f"IMEI 35{make.digits(13)}"), lambda: ("github", f"issue {make.digits(5)} commit {make.digits(7)}"), lambda: ("phone-like", f"call setTimeout({make.digits(5)}) then poll {make.digits(3)}-{make.digits(4)}"), lambda: ("scores", f"{make.digits(3)}-{make.digits(2)}-{make.digits(3)} in three sets")])()


def rows(real, count=1800, seed=31):
    """[(type, text)]; the same every time."""
    chooser = random.Random(seed)
    if not real:
        return [near_miss(chooser) for _ in range(count)]
    out = []
    for _ in range(count):
        kind = chooser.choice(list(LABELS))
        out.append((kind, chooser.choice(SENTENCES).format(l=chooser.choice(LABELS[kind]), v=getattr(Maker(chooser), kind)())))
    return out
