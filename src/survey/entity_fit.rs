//! Which kind of record the headings of a file fit.

use crate::entity::{Catalog, Entity};
use crate::format::Headings;
use crate::mapping::KnownHeadings;

/// How well an entity fits the headings of a file.
#[derive(Debug, Clone)]
pub struct EntityFit<'a> {
    /// The entity.
    pub entity: &'a Entity,
    /// How many different fields of it the headings name.
    pub known: usize,
}

/// The entities that can be imported and of which these headings name something, the best first.
pub fn entity_fits<'a>(catalog: &'a Catalog, headings: &[&str]) -> Vec<EntityFit<'a>> {
    let mut fits: Vec<EntityFit<'_>> = importable(catalog)
        .map(|entity| {
            let index = KnownHeadings::new(entity, None);
            let mut fields: Vec<usize> = headings.iter().filter_map(|heading| index.find(heading)).collect();
            fields.sort_unstable();
            fields.dedup();
            EntityFit { entity, known: fields.len() }
        })
        .filter(|fit| fit.known > 0)
        .collect();
    fits.sort_by_key(|fit| std::cmp::Reverse(fit.known));
    fits
}

fn importable(catalog: &Catalog) -> impl Iterator<Item = &Entity> {
    catalog.entities().iter().filter(|entity| entity.is_importable())
}

/// The headings of every entity together, for a file of which nobody has said what its rows are.
#[derive(Debug)]
pub struct AnyHeadings {
    /// Each entity's own, and how many fields the entities before it have.
    entities: Vec<(usize, KnownHeadings)>,
}

impl AnyHeadings {
    /// The headings of all entities that can be imported.
    pub fn new(catalog: &Catalog) -> AnyHeadings {
        let mut before = 0;
        let entities = importable(catalog)
            .map(|entity| {
                let own = KnownHeadings::new(entity, None);
                let first = before;
                before += own.fields();
                (first, own)
            })
            .collect();
        AnyHeadings { entities }
    }
}

impl Headings for AnyHeadings {
    fn find(&self, heading: &str) -> Option<usize> {
        self.entities.iter().find_map(|(before, known)| Some(before + known.find(heading)?))
    }

    fn example(&self, _: usize) -> &[String] {
        // Whose example it would be is not known.
        &[]
    }

    fn is_telling(&self, known: usize) -> bool {
        let of = self.entities.iter().rev().find(|(before, _)| *before <= known);
        of.is_some_and(|(before, headings)| headings.is_telling(known - before))
    }

    fn status_and_reason(&self) -> [&'static str; 2] {
        self.entities.first().map_or(["", ""], |(_, known)| known.status_and_reason())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_entity_that_knows_most_headings_comes_first() {
        let catalog = Catalog::embedded();
        let fits = entity_fits(catalog, &["工单标题", "优先级", "备注"]);
        assert_eq!(fits[0].entity.name, "tickets");
        assert!(entity_fits(catalog, &["甲", "乙"]).is_empty());
        assert_eq!(AnyHeadings::new(catalog).find("甲"), None);
    }
}
