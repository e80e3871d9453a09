//! What is asked of a list: an endpoint, an id in its path, and filters.

use url::Url;

use super::pages::Page;
use crate::api::Target;
use crate::entity::{Endpoint, Entity, Service};

/// A list with its filters.
#[derive(Debug, Clone)]
pub struct ListQuery<'a> {
    /// The entity whose records it lists.
    pub entity: &'a Entity,
    /// Where it is asked.
    pub endpoint: &'a Endpoint,
    /// Fills `{id}` in the path.
    pub id: Option<String>,
    /// Query parameters beside those of paging.
    pub parameters: Vec<(String, String)>,
    /// Name of the endpoint, where it is not the entity's list.
    name: Option<String>,
}

impl<'a> ListQuery<'a> {
    /// Everything an endpoint of the entity lists, deleted records too where it can be asked for them.
    pub fn new(entity: &'a Entity, name: &str, service: &Service) -> Option<Self> {
        let endpoint = entity.endpoint(name)?;
        let filters = &service.filters;
        let mut parameters = Vec::new();
        if endpoint.filters.contains(&filters.deleted) {
            parameters.push((filters.deleted.clone(), filters.deleted_value.clone()));
        }
        let name = (name != "list").then(|| name.to_owned());
        Some(ListQuery { entity, endpoint, id: None, parameters, name })
    }

    /// The same for the record of this id in the path.
    #[must_use]
    pub fn of(mut self, id: &str) -> Self {
        self.id = Some(id.to_owned());
        self
    }

    /// The same with a further filter.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.parameters.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The same with a filter of this name only.
    #[must_use]
    pub fn replace(mut self, name: &str, value: &str) -> Self {
        self.parameters.retain(|(other, _)| other != name);
        self.with(name, value)
    }

    /// The same in the order of creation, where the endpoint takes that.
    #[must_use]
    pub fn in_order(self, service: &Service) -> Self {
        let filters = &service.filters;
        match self.endpoint.filters.contains(&filters.order) {
            true => self.replace(&filters.order, &filters.order_value),
            false => self,
        }
    }

    /// The same without a filter of this name.
    #[must_use]
    pub fn without(mut self, name: &str) -> Self {
        self.parameters.retain(|(other, _)| other != name);
        self
    }

    /// The value of a filter.
    pub fn value(&self, name: &str) -> Option<&str> {
        self.parameters.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str())
    }

    /// The same with what is searched for, in the parameter the endpoint takes first.
    #[must_use]
    pub fn search(self, query: &str) -> Self {
        match self.endpoint.filters.first() {
            Some(name) => self.with(name, query),
            None => self,
        }
    }

    /// Whether it is a search, whose rows may be ids alone.
    pub fn is_search(&self) -> bool {
        self.name.as_deref() == Some("search")
    }

    /// The two filters that bound creation, where the endpoint takes them.
    pub fn created<'b>(&'b self, service: &'b Service) -> Option<&'b [String; 2]> {
        match &self.endpoint.window {
            Some(window) => Some(window),
            None => Some(&service.filters.created).filter(|names| self.takes(names)),
        }
    }

    /// The two filters that bound the last change, where the endpoint takes them.
    pub fn updated<'b>(&self, service: &'b Service) -> Option<&'b [String; 2]> {
        Some(&service.filters.updated).filter(|names| self.takes(names))
    }

    fn takes(&self, names: &[String; 2]) -> bool {
        names.iter().all(|name| self.endpoint.filters.contains(name))
    }

    /// The filters as a query string.
    pub fn filter(&self) -> String {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(&self.parameters);
        query.finish()
    }

    /// Names the list in the mirror: empty for everything of the entity.
    pub fn text(&self, service: &Service) -> String {
        let is_plain =
            |(name, _): &&(String, String)| *name != service.filters.deleted && *name != service.filters.order;
        let filters: Vec<&(String, String)> = self.parameters.iter().filter(is_plain).collect();
        if filters.is_empty() && self.id.is_none() && self.name.is_none() {
            return String::new();
        }
        let mut text = String::new();
        text.push_str(self.name.as_deref().unwrap_or_default());
        if let Some(id) = &self.id {
            text.push('/');
            text.push_str(id);
        }
        text.push('?');
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(filters);
        text.push_str(&query.finish());
        text
    }

    /// The address of a page; without one, of the whole list.
    pub fn address(&self, target: &Target, service: &Service, page: Option<Page>) -> Url {
        let path = match &self.id {
            Some(id) => {
                let id: String = url::form_urlencoded::byte_serialize(id.as_bytes()).collect();
                self.endpoint.path.replace("{id}", &id)
            }
            None => self.endpoint.path.clone(),
        };
        let mut url = target.address(&path);
        if page.is_some() || !self.parameters.is_empty() {
            let mut query = url.query_pairs_mut();
            query.extend_pairs(&self.parameters);
            if let Some(page) = page {
                query.append_pair(&service.paging.page, &page.number.to_string());
                query.append_pair(&service.paging.per_page, &page.size.to_string());
            }
        }
        url
    }
}
