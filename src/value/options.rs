//! What a user says about how values are to be read, where the file does not say it itself.

use clap::ValueEnum;

/// How values are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ValueOptions {
    /// Nothing is restored: what would have to be is refused.
    pub keep_raw: bool,
    /// What the first number of `03/04/2026` is.
    pub date_order: Option<DateOrder>,
    /// Where a telephone number without a country code belongs.
    pub country: Country,
}

impl ValueOptions {
    /// Names of the settings of a mapping file that say it.
    pub const KEYS: [&'static str; 3] = ["keep_raw", "date_order", "country"];

    /// The lines of a mapping file that say it; none of what is so unless said.
    pub fn as_lines(self) -> Vec<String> {
        let keep_raw = self.keep_raw.then(|| "keep_raw = true".to_owned());
        let order = self.date_order.map(|order| format!("date_order = \"{}\"", order.name()));
        let country = (self.country != Country::default()).then(|| format!("country = \"{}\"", self.country.code));
        [keep_raw, order, country].into_iter().flatten().collect()
    }
}

/// The order of day and month where the year comes last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum DateOrder {
    /// Day, month, year: `03/04/2026` is the third of April.
    Dmy,
    /// Month, day, year: `03/04/2026` is the fourth of March.
    Mdy,
}

impl DateOrder {
    /// Its name in options and mapping files.
    pub fn name(self) -> &'static str {
        match self {
            DateOrder::Dmy => "dmy",
            DateOrder::Mdy => "mdy",
        }
    }

    /// The order of this name.
    pub fn of_name(name: &str) -> Option<DateOrder> {
        [DateOrder::Dmy, DateOrder::Mdy].into_iter().find(|order| order.name().eq_ignore_ascii_case(name))
    }
}

/// A country, as far as its telephone numbers go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Country {
    /// Two letters.
    pub code: &'static str,
    /// Fewest and most digits of a number without country code and without the zero before it.
    pub(super) digits: (usize, usize),
    /// Whether a zero stands before a number that is dialled inside the country, and may have been lost.
    pub(super) has_zero: bool,
}

/// The countries `--country` takes. Of others than China only the length is known.
const COUNTRIES: &[Country] = &[
    Country { code: "CN", digits: (10, 11), has_zero: true },
    Country { code: "HK", digits: (8, 8), has_zero: false },
    Country { code: "MO", digits: (8, 8), has_zero: false },
    Country { code: "TW", digits: (8, 9), has_zero: true },
    Country { code: "SG", digits: (8, 8), has_zero: false },
    Country { code: "MY", digits: (7, 10), has_zero: true },
    Country { code: "JP", digits: (9, 10), has_zero: true },
    Country { code: "KR", digits: (8, 10), has_zero: true },
    Country { code: "TH", digits: (8, 9), has_zero: true },
    Country { code: "VN", digits: (9, 10), has_zero: true },
    Country { code: "ID", digits: (8, 12), has_zero: true },
    Country { code: "PH", digits: (8, 10), has_zero: true },
    Country { code: "IN", digits: (10, 10), has_zero: true },
    Country { code: "AE", digits: (8, 9), has_zero: true },
    Country { code: "RU", digits: (10, 11), has_zero: false },
    Country { code: "US", digits: (10, 10), has_zero: false },
    Country { code: "CA", digits: (10, 10), has_zero: false },
    Country { code: "BR", digits: (10, 11), has_zero: true },
    Country { code: "AU", digits: (9, 9), has_zero: true },
    Country { code: "NZ", digits: (8, 10), has_zero: true },
    Country { code: "GB", digits: (9, 10), has_zero: true },
    Country { code: "DE", digits: (6, 12), has_zero: true },
    Country { code: "FR", digits: (9, 9), has_zero: true },
    Country { code: "IT", digits: (6, 11), has_zero: true },
    Country { code: "ES", digits: (9, 9), has_zero: false },
    Country { code: "NL", digits: (9, 9), has_zero: true },
];

impl Country {
    /// The two letters of every country that is known.
    pub fn codes() -> impl Iterator<Item = &'static str> {
        COUNTRIES.iter().map(|country| country.code)
    }

    /// The country of these two letters, in either case.
    pub fn of_code(code: &str) -> Option<Country> {
        COUNTRIES.iter().find(|country| country.code.eq_ignore_ascii_case(code)).copied()
    }

    /// Whether it is the one whose numbering plan is known.
    pub(super) fn is_china(self) -> bool {
        self.code == "CN"
    }
}

impl Default for Country {
    fn default() -> Self {
        COUNTRIES[0]
    }
}
