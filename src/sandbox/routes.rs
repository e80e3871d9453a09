//! Which requests mean what. Paths come from the catalog; the `_v2` forms are derived from them. An
//! endpoint the catalog marks as assumed is off until it is switched on.

use crate::entity::{Catalog, Confidence, Endpoint, Entity, Method};

/// What a request asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Records by filters.
    List,
    /// Records of the company or contact in the path.
    ListByOwner(&'static str),
    /// Records by ids.
    ShowMany,
    /// Records by a query.
    Search,
    /// One record.
    Get,
    /// A new record.
    Create,
    /// A change.
    Update,
    /// A removal.
    Delete,
    /// The messages of a chat.
    Messages,
    /// Field definitions of this owner; all of them, or only custom ones.
    Fields(&'static str, bool),
    /// A new binding.
    CreateBinding,
    /// A binding's query.
    QueryBinding,
    /// A binding's change.
    UpdateBinding,
    /// A binding's removal.
    DeleteBinding,
    /// The account.
    Account,
}

/// One method and path.
#[derive(Debug, Clone)]
pub struct Route {
    /// The entity it serves; the account belongs to none.
    pub entity: Option<&'static Entity>,
    /// The endpoint as the catalog has it.
    pub endpoint: Option<&'static Endpoint>,
    /// What it does.
    pub action: Action,
    /// HTTP method.
    pub method: Method,
    /// Names it is known by, `entity.endpoint` first.
    pub names: Vec<String>,
    /// Whether it is one of the `_v2` forms.
    pub is_v2: bool,
    /// Whether it is only assumed to exist.
    pub is_assumed: bool,
    /// Whether it answers.
    pub is_on: bool,
    /// Whether a login that is not the main account or an administrator may use it.
    pub is_open_to_agents: bool,
    path: String,
}

/// Endpoints whose page gives 管理员 (administrator) as the permission.
const ADMINISTRATOR_ONLY: &[(&str, &str)] = &[
    ("tickets", "list"),
    ("tickets", "by_company"),
    ("tickets", "by_user"),
    ("ticket-templates", "list"),
    ("companies", "fields"),
    ("fields", "companies"),
    ("fields", "form"),
    ("customer-groups", "list"),
    ("customer-groups", "get"),
    ("customer-groups", "many"),
    ("customer-groups", "create"),
];

/// All routes, the assumed ones off. Those with a fixed path come before those with an id in it.
pub(super) fn routes() -> Vec<Route> {
    let catalog = Catalog::embedded();
    let mut routes = Vec::new();
    for entity in catalog.entities() {
        for (name, endpoint) in &entity.endpoints {
            let Some(action) = action(entity, name) else { continue };
            let route = Route {
                entity: Some(entity),
                endpoint: Some(endpoint),
                action,
                method: endpoint.method,
                names: names(entity, name),
                is_v2: false,
                is_assumed: endpoint.confidence == Confidence::Assumed,
                is_on: true,
                is_open_to_agents: !ADMINISTRATOR_ONLY.contains(&(entity.name.as_str(), name.as_str())),
                path: endpoint.path.clone(),
            };
            routes.extend(v2_route(&route, name));
            routes.push(route);
        }
    }
    let account = &catalog.service.account;
    routes.push(Route {
        entity: None,
        endpoint: None,
        action: Action::Account,
        method: Method::Get,
        names: vec!["account.info".to_owned()],
        is_v2: false,
        is_assumed: account.confidence == Confidence::Assumed,
        is_on: true,
        is_open_to_agents: true,
        path: account.path.clone(),
    });
    for route in &mut routes {
        route.is_on = !route.is_assumed;
    }
    routes.sort_by_key(|route| route.path.contains(ID_PLACEHOLDER));
    routes
}

const ID_PLACEHOLDER: &str = "{id}";

fn action(entity: &Entity, name: &str) -> Option<Action> {
    Some(match (entity.name.as_str(), name) {
        ("bindings", "create") => Action::CreateBinding,
        ("bindings", "query") => Action::QueryBinding,
        ("bindings", "update") => Action::UpdateBinding,
        ("bindings", "delete") => Action::DeleteBinding,
        ("fields", "customers") => Action::Fields("customers", true),
        ("fields", "companies") => Action::Fields("companies", true),
        ("fields", "tickets") => Action::Fields("tickets", true),
        ("fields", "form") => Action::Fields("form", false),
        ("tickets", "fields") => Action::Fields("tickets", true),
        ("tickets", "custom_fields") => Action::Fields("tickets", false),
        ("companies", "fields") => Action::Fields("companies", true),
        ("chats", "messages") => Action::Messages,
        (_, "by_company") => Action::ListByOwner("companies"),
        (_, "by_user") => Action::ListByOwner("customers"),
        (_, "list") => Action::List,
        (_, "many") => Action::ShowMany,
        (_, "search") => Action::Search,
        (_, "get") => Action::Get,
        (_, "create") => Action::Create,
        (_, "update") => Action::Update,
        (_, "delete") => Action::Delete,
        _ => return None,
    })
}

/// `customers.create`, and `users.create` after the collection in the service's paths.
fn names(entity: &Entity, name: &str) -> Vec<String> {
    let collection =
        entity.endpoint("list").and_then(|list| list.path.trim_start_matches('/').split(['/', '.']).next());
    let mut names = vec![format!("{}.{name}", entity.name)];
    names.extend(collection.filter(|word| *word != entity.name).map(|word| format!("{word}.{name}")));
    if entity.name == "fields" {
        names.extend(Catalog::embedded().get(name).into_iter().flat_map(|owner| self::names(owner, "fields")));
    }
    names
}

/// The `_v2` form of an endpoint: on the collection for contacts, on the id for a ticket. Only two of their paths were
/// seen.
fn v2_route(route: &Route, name: &str) -> Option<Route> {
    let entity = route.entity?;
    let (path, is_seen) = match (entity.name.as_str(), name) {
        ("customers", "list" | "get" | "create" | "update") => {
            let collection = entity.endpoint("list")?.path.strip_suffix(".json")?;
            (route.path.replacen(collection, &format!("{collection}_v2"), 1), name == "get")
        }
        ("tickets", "get") => (route.path.replacen(ID_PLACEHOLDER, &format!("{ID_PLACEHOLDER}_v2"), 1), true),
        _ => return None,
    };
    let names = names(entity, name).iter().map(|name| name.replacen('.', "_v2.", 1)).collect();
    Some(Route { path, names, is_v2: true, is_assumed: !is_seen, ..route.clone() })
}

impl Route {
    /// Its path with an id in place.
    pub fn path_of(&self, id: Option<i64>) -> String {
        self.path.replace(ID_PLACEHOLDER, &id.map(|id| id.to_string()).unwrap_or_default())
    }

    /// Whether this is a request for it; the inner value is the id in its path.
    fn matches(&self, method: &Method, path: &str) -> Option<Option<i64>> {
        if self.method != *method {
            return None;
        }
        match self.path.split_once(ID_PLACEHOLDER) {
            None => (self.path == path).then_some(None),
            Some((before, after)) => {
                let id = path.strip_prefix(before)?.strip_suffix(after)?;
                let is_number = !id.is_empty() && id.len() < 19 && id.bytes().all(|byte| byte.is_ascii_digit());
                is_number.then(|| id.parse().ok())
            }
        }
    }
}

/// The route a request is for, and the id in its path. `path` is under the base address.
pub(super) fn find<'a>(
    routes: &'a [Route],
    method: &Method,
    path: &str,
    is_loose: bool,
) -> Option<(&'a Route, Option<i64>)> {
    let exact = |path: &str| routes.iter().find_map(|route| route.matches(method, path).map(|id| (route, id)));
    if let Some(found) = exact(path) {
        return Some(found);
    }
    if *method != Method::Get {
        return None;
    }
    // The same GET paths without .json answer too.
    if !path.ends_with(".json")
        && let Some(found) = exact(&format!("{path}.json"))
    {
        return Some(found);
    }
    if is_loose { loose(routes, path) } else { None }
}

/// A collection whose name only begins with a known one answers as that one; what follows an id is ignored.
fn loose<'a>(routes: &'a [Route], path: &str) -> Option<(&'a Route, Option<i64>)> {
    let mut segments = path.trim_start_matches('/').trim_end_matches(".json").split('/');
    let (collection, id) = (segments.next()?, segments.next());
    let lists = routes.iter().filter(|route| route.action == Action::List && !route.is_v2);
    let known = |route: &Route| route.path.trim_start_matches('/').trim_end_matches(".json").to_owned();
    let list = lists.filter(|route| collection.starts_with(&known(route))).max_by_key(|route| route.path.len())?;
    match id {
        None => Some((list, None)),
        Some(id) => routes.iter().filter(|route| route.action == Action::Get).find_map(|route| {
            route.matches(&Method::Get, &format!("/{}/{id}.json", known(list))).map(|id| (route, id))
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::super::assume::Assume;
    use super::*;

    fn found(assume: &Assume, method: Method, path: &str) -> Option<(String, Option<i64>, bool)> {
        let mut routes = routes();
        assume.apply(&mut routes);
        find(&routes, &method, path, false).map(|(route, id)| (route.names[0].clone(), id, route.is_on))
    }

    #[test]
    fn paths_find_their_endpoint_and_id() {
        let nothing = Assume::Nothing;
        let is = |name: &str, id, on| Some((name.to_owned(), id, on));
        assert_eq!(found(&nothing, Method::Get, "/users.json"), is("customers.list", None, true));
        assert_eq!(found(&nothing, Method::Get, "/users/5.json"), is("customers.get", Some(5), true));
        assert_eq!(found(&nothing, Method::Get, "/users/5"), is("customers.get", Some(5), true));
        assert_eq!(found(&nothing, Method::Get, "/users_v2/5.json"), is("customers_v2.get", Some(5), true));
        assert_eq!(found(&nothing, Method::Get, "/tickets/5_v2.json"), is("tickets_v2.get", Some(5), true));
        assert_eq!(found(&nothing, Method::Get, "/users/show_many.json"), is("customers.many", None, false));
        assert_eq!(found(&nothing, Method::Post, "/users.json"), is("customers.create", None, false));
        assert_eq!(found(&nothing, Method::Get, "/users/five.json"), None);
        assert_eq!(found(&nothing, Method::Get, "/nonsense.json"), None);
    }

    #[test]
    fn assumed_endpoints_are_switched_on_by_either_name() {
        for name in ["customers.create", "users.create"] {
            let assume = Assume::parse(name).unwrap();
            assert!(found(&assume, Method::Post, "/users.json").unwrap().2, "{name}");
            assert!(!found(&assume, Method::Post, "/companies.json").unwrap().2, "{name}");
        }
        assert!(Assume::parse("users.fields").is_ok());
        assert!(Assume::parse("users_v2.create").is_ok());
        // Confirmed endpoints are always on: naming one is a mistake.
        assert!(Assume::parse("tickets.create").is_err());
    }

    #[test]
    fn every_endpoint_of_the_catalog_is_served() {
        for entity in Catalog::embedded().entities() {
            for name in entity.endpoints.keys() {
                assert!(action(entity, name).is_some(), "{}.{name}", entity.name);
            }
        }
    }
}
