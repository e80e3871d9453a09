//! The switches: every point on which the documentation of the interface disagrees with itself or is silent, with the possible answers as
//! values. `--variant name=value` sets one; [`Variants::table`] lists them all for help, page and documentation.

use crate::entity::AccountMode;
use crate::error::{Error, Result};
use crate::message;

/// One switch as it is shown to people.
#[derive(Debug, Clone)]
pub struct Switch {
    /// Its name on the command line.
    pub name: &'static str,
    /// What can be written after the `=`.
    pub values: Vec<&'static str>,
    /// What it is set to.
    pub value: String,
}

/// Declares the switches with a fixed set of values: an enum for each, and the struct that holds them.
macro_rules! switches {
    ($($(#[$about:meta])* $field:ident $name:literal $kind:ident {
        $($(#[$meaning:meta])* $value:ident $text:literal,)+
    })+) => {
        $(
            $(#[$about])*
            #[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
            pub enum $kind { $($(#[$meaning])* $value,)+ }

            impl $kind {
                const VALUES: &[(&'static str, $kind)] = &[$(($text, $kind::$value),)+];

                fn as_str(self) -> &'static str {
                    match self { $($kind::$value => $text,)+ }
                }
            }
        )+

        /// Which variant of the interface is played. The default of each switch is what the documentation makes most likely.
        #[derive(Debug, Clone)]
        pub struct Variants {
            $($(#[$about])* pub $field: $kind,)+
            /// Most records a page carries whatever was asked for; 0 = no cap.
            pub page_cap: u64,
            /// Milliseconds until a new record is seen in lists and searches.
            pub list_delay: u64,
            /// Requests a second that are let through, the rest is answered 429; 0 = no limit.
            pub rate: u64,
            /// Seconds a token lives; 0 = what the catalog says.
            pub token_lifetime: u64,
        }

        impl Variants {
            /// Sets the switch `name` to `value`.
            ///
            /// # Errors
            /// Names what can be written when the name or the value is not known.
            pub fn set(&mut self, name: &str, value: &str) -> Result<()> {
                match name {
                    $($name => self.$field = find_value(name, value, $kind::VALUES)?,)+
                    "page-cap" => self.page_cap = number(name, value)?,
                    "list-delay" => self.list_delay = number(name, value)?,
                    "rate" => self.rate = number(name, value)?,
                    "token-lifetime" => self.token_lifetime = number(name, value)?,
                    _ => {
                        let known: Vec<&str> = Variants::default().table().iter().map(|switch| switch.name).collect();
                        return Err(Error::usage(message!("sandbox.unknown_variant", name = name))
                            .hint(message!("sandbox.known", known = known.join(", "))));
                    }
                }
                Ok(())
            }

            /// All switches with what they are set to.
            pub fn table(&self) -> Vec<Switch> {
                let number = |name, value: u64| Switch { name, values: vec!["N"], value: value.to_string() };
                vec![
                    $(Switch {
                        name: $name,
                        values: $kind::VALUES.iter().map(|(text, _)| *text).collect(),
                        value: self.$field.as_str().to_owned(),
                    },)+
                    number("page-cap", self.page_cap),
                    number("list-delay", self.list_delay),
                    number("rate", self.rate),
                    number("token-lifetime", self.token_lifetime),
                ]
            }
        }

        impl Default for Variants {
            fn default() -> Self {
                Variants { $($field: $kind::default(),)+ page_cap: 0, list_delay: 0, rate: 0, token_lifetime: 0 }
            }
        }
    };
}

switches! {
    /// What a create answers.
    created "created" Created {
        /// `insert-ok` for agents, `wiki200` for everything else.
        #[default]
        ByEntity "by-entity",
        /// 200, `Location`, the record as one object under the plural key.
        Wiki200 "wiki200",
        /// 201, `Location`, the record under the singular key.
        Wiki201 "wiki201",
        /// 200, the record as a list of one under the singular key.
        List "list",
        /// 200, `{"status":"0","message":"Insert ok","data":false}`: no id anywhere.
        InsertOk "insert-ok",
        /// The same with the id as `data`.
        DataId "data-id",
        /// The same with the record as `data`.
        DataRecord "data-record",
    }
    /// What an update answers.
    updated "updated" Updated {
        /// The record under the singular key.
        #[default]
        Record "record",
        /// `{"status":"0","message":"Update ok","data":true}`.
        Status "status",
    }
    /// How numbers are written.
    numbers "numbers" Numbers {
        /// As strings.
        #[default]
        Text "string",
        /// As JSON numbers.
        Number "number",
    }
    /// How one record is answered.
    single "single" Single {
        /// A list of one for tickets, an object for the rest.
        #[default]
        ByEntity "by-entity",
        /// An object.
        Object "object",
        /// A list of one.
        List "list",
    }
    /// How `count` is written.
    count "count" Count {
        /// As a JSON number.
        #[default]
        Number "number",
        /// As a string.
        Text "string",
        /// Not at all.
        Absent "absent",
    }
    /// Whether a list carries `next_page` and `previous_page`.
    links "next-page" Links {
        /// It does.
        #[default]
        Present "present",
        /// It does not.
        Absent "absent",
    }
    /// The HTTP status of an error answer.
    errors "errors" Errors {
        /// The one that fits.
        #[default]
        Status "status",
        /// Always 200; only the body tells.
        Ok "200",
    }
    /// What a GET for an id that does not exist gets.
    missing "missing" Missing {
        /// 200 and an empty list under the singular key.
        #[default]
        Empty "empty",
        /// 404.
        NotFound "404",
    }
    /// What a write with a `Requestid` that was used before gets.
    repeated "requestid" Repeated {
        /// It is carried out again.
        #[default]
        Ignored "ignored",
        /// It gets the first answer again.
        Replayed "replayed",
        /// It is refused as a duplicate.
        Duplicate "duplicate",
        /// It is refused while the first is running and gets the first answer afterwards.
        Busy "busy",
    }
    /// A second contact with the mobile number of another one.
    mobile "duplicate-mobile" DuplicateMobile {
        /// Is refused.
        #[default]
        Refused "refused",
        /// Is stored.
        Accepted "accepted",
    }
    /// What an update does to fields it does not name.
    put "put" Put {
        /// They keep their values.
        #[default]
        Keeps "keeps",
        /// They become empty.
        Blanks "blanks",
    }
    /// A ticket's template when an update does not send it again.
    template "template" Template {
        /// It stays.
        #[default]
        Kept "kept",
        /// It is reset.
        Reset "reset",
    }
    /// Tags that nobody has set up.
    tags "unknown-tags" UnknownTags {
        /// Are kept.
        #[default]
        Kept "kept",
        /// Are dropped without a word.
        Dropped "dropped",
    }
    /// How a drop-down's value is written and read.
    options "options" Options {
        /// Option text for contacts and companies, option id for tickets and the `_v2` forms.
        #[default]
        ByEntity "by-entity",
        /// Option text everywhere.
        Text "text",
        /// Option id everywhere.
        Id "id",
    }
    /// Whether contacts belong to companies.
    mode "mode" Mode {
        /// They do.
        #[default]
        Business "2b",
        /// They stand alone.
        Consumer "2c",
    }
    /// What a row of a list holds.
    rows "rows" Rows {
        /// All members of the record.
        #[default]
        Full "full",
        /// All but `custom_fields`.
        NoCustomFields "no-custom-fields",
    }
    /// Creation and solution times sent by the client.
    dates "dates" Dates {
        /// Are refused, as every read-only field.
        #[default]
        Refused "refused",
        /// Are accepted and ignored.
        Ignored "ignored",
        /// Are kept.
        Kept "kept",
    }
    /// How a time that is not set is written.
    unset "unset-time" UnsetTime {
        /// `""`.
        #[default]
        Empty "empty",
        /// `null`.
        Null "null",
        /// `0000-00-00 00:00:00`.
        Zero "zero",
    }
    /// Page size of ticket lists when none is asked for.
    ticket_page "ticket-per-page" TicketPage {
        /// 10.
        #[default]
        Ten "10",
        /// 100.
        Hundred "100",
    }
    /// A binding query for a contact that has none.
    unbound "unbound" Unbound {
        /// `{"data":[],"msg":"success"}`.
        #[default]
        Empty "empty",
        /// `{"state":"403","message":"user error"}`.
        Failure "error",
    }
    /// A binding query for `workWechat`, which the documentation names for adding only.
    work_wechat "workwechat-query" WorkWechat {
        /// Is answered.
        #[default]
        Accepted "accepted",
        /// Is refused.
        Refused "refused",
    }
    /// How paths are understood.
    router "router" Router {
        /// Only documented paths; the rest is an unknown resource.
        #[default]
        Strict "strict",
        /// As a private deployment was seen to do: `/ticketsources` answers as `/tickets`, a further segment is ignored.
        Loose "loose",
    }
}

fn find_value<T: Copy>(name: &str, value: &str, known: &[(&'static str, T)]) -> Result<T> {
    known.iter().find(|(text, _)| *text == value).map(|(_, value)| *value).ok_or_else(|| {
        let known: Vec<&str> = known.iter().map(|(text, _)| *text).collect();
        Error::usage(message!("sandbox.unknown_value", name = name, value = value))
            .hint(message!("sandbox.known", known = known.join(", ")))
    })
}

fn number(name: &str, value: &str) -> Result<u64> {
    value.parse().map_err(|_| {
        Error::usage(message!("sandbox.unknown_value", name = name, value = value)).hint(message!("sandbox.number"))
    })
}

impl From<AccountMode> for Mode {
    fn from(mode: AccountMode) -> Self {
        match mode {
            AccountMode::Business => Mode::Business,
            AccountMode::Consumer => Mode::Consumer,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_of_the_table_can_be_set_and_is_read_back() {
        for switch in Variants::default().table() {
            for text in switch.values {
                let value = if text == "N" { "7" } else { text };
                let mut variants = Variants::default();
                variants.set(switch.name, value).unwrap();
                let now = variants.table().into_iter().find(|one| one.name == switch.name).unwrap();
                assert_eq!(now.value, value, "{}", switch.name);
            }
        }
    }

    #[test]
    fn unknown_names_and_values_are_refused_with_the_known_ones() {
        let mut variants = Variants::default();
        assert!(variants.set("nonsense", "1").is_err());
        let error = variants.set("created", "nonsense").unwrap_err();
        assert!(error.hint_text().unwrap().contains("insert-ok"));
        assert!(variants.set("rate", "fast").is_err());
    }
}
