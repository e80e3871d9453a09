//! Which of the endpoints that are only assumed to exist answer.

use std::collections::BTreeSet;

use super::routes::{Route, routes};
use crate::entity::{Entity, Method};
use crate::error::{Error, Result};
use crate::message;

/// Which assumed endpoints are on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Assume {
    /// None.
    #[default]
    Nothing,
    /// All.
    All,
    /// Those of these names: `customers.create`, or with the service's own word `users.create`.
    Named(BTreeSet<String>),
}

impl Assume {
    /// Reads what was typed: `all`, `none`, or names divided by commas.
    ///
    /// # Errors
    /// A name that is no assumed endpoint is answered with those that are.
    pub fn parse(text: &str) -> Result<Self> {
        if text == "all" {
            return Ok(Assume::All);
        }
        let known: Vec<Route> = routes().into_iter().filter(|route| route.is_assumed).collect();
        let mut names = BTreeSet::new();
        for name in text.split(',').map(str::trim).filter(|name| !name.is_empty() && *name != "none") {
            if !known.iter().any(|route| route.names.iter().any(|known| known == name)) {
                let known: BTreeSet<String> = known.iter().map(|route| route.names[0].clone()).collect();
                return Err(Error::usage(message!("sandbox.unknown_endpoint", name = name))
                    .hint(message!("sandbox.known", known = Vec::from_iter(known).join(", "))));
            }
            names.insert(name.to_owned());
        }
        Ok(Assume::Named(names))
    }

    /// Switches each assumed route on or off.
    pub fn apply(&self, routes: &mut [Route]) {
        for route in routes {
            route.is_on = !route.is_assumed || self.allows(&route.names);
        }
    }

    fn allows(&self, names: &[String]) -> bool {
        match self {
            Assume::Nothing => false,
            Assume::All => true,
            Assume::Named(on) => names.iter().any(|name| on.contains(name)),
        }
    }
}

/// The endpoints that imports and exports rely on although they are assumed.
pub fn needed() -> Assume {
    let is_needed = |route: &Route| match route.method {
        Method::Get => true,
        Method::Delete => false,
        Method::Post | Method::Put => route.entity.is_some_and(Entity::is_importable),
    };
    let names = routes()
        .into_iter()
        .filter(|route| route.is_assumed && !route.is_v2 && is_needed(route))
        .map(|route| route.names[0].clone());
    Assume::Named(names.collect())
}
