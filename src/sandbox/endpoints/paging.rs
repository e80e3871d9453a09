//! Pages of a list, and the members beside it that lead from one to the next.

use super::call::Call;
use super::parameter_error::ParameterError;
use crate::entity::Catalog;
use crate::sandbox::record_style::push_text;
use crate::sandbox::variants::{Count, Links, TicketPage};

/// Which page of a list.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Page {
    number: usize,
    /// Most records it carries.
    pub size: usize,
    is_paged: bool,
}

impl Page {
    /// The page a call asks for.
    pub(crate) fn requested(call: &Call<'_>) -> Result<Page, ParameterError> {
        let paging = &Catalog::embedded().service.paging;
        let endpoint = call.route.endpoint;
        if endpoint.is_some_and(|endpoint| !endpoint.paged) {
            return Ok(Page { number: 1, size: usize::MAX, is_paged: false });
        }
        let own = endpoint.and_then(|endpoint| endpoint.per_page);
        let default = match call.variants.ticket_page {
            TicketPage::Ten => own.unwrap_or(paging.default),
            TicketPage::Hundred => paging.default,
        };
        let number = |name: &str, default: usize| match call.parameter(name).map(str::parse::<usize>) {
            None => Ok(default),
            Some(Ok(number)) if number > 0 => Ok(number),
            Some(_) => Err((name.to_owned(), "must be a number from 1")),
        };
        let asked = number(&paging.per_page, default as usize)?;
        let size = match usize::try_from(call.variants.page_cap) {
            Ok(cap) if cap > 0 => asked.min(cap),
            _ => asked,
        };
        Ok(Page { number: number(&paging.page, 1)?, size, is_paged: true })
    }

    /// How many records come before it.
    pub(crate) fn skip(self) -> usize {
        (self.number - 1).saturating_mul(self.size)
    }

    /// The members beside the list: `count`, `next_page`, `previous_page`.
    pub(crate) fn members(self, call: &Call<'_>, total: usize) -> String {
        let mut out = String::new();
        if !self.is_paged {
            return out;
        }
        match call.variants.count {
            Count::Number => out.push_str(&format!(",\"count\":{total}")),
            Count::Text => out.push_str(&format!(",\"count\":\"{total}\"")),
            Count::Absent => {}
        }
        if call.variants.links == Links::Present {
            let is_last = self.number.saturating_mul(self.size) >= total;
            for (name, page) in [
                ("next_page", (!is_last).then_some(self.number + 1)),
                ("previous_page", (self.number > 1).then(|| self.number - 1)),
            ] {
                out.push_str(&format!(",\"{name}\":"));
                match page {
                    Some(page) => push_text(&mut out, &self.link(call, page)),
                    None => out.push_str("null"),
                }
            }
        }
        out
    }

    /// The full address of another page, on the public host whatever host was asked.
    fn link(self, call: &Call<'_>, page: usize) -> String {
        let paging = &Catalog::embedded().service.paging;
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(call.query.iter().filter(|(name, _)| *name != paging.page));
        query.append_pair(&paging.page, &page.to_string());
        let path = call.route.path_of(call.id);
        format!("{}{path}?{}", Catalog::embedded().service.base_url, query.finish())
    }
}
