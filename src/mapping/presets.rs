//! The mappings that are shipped: what becomes of every column of an export of another system.

/// The names and texts.
const FILES: &[(&str, &str)] = &[
    ("zendesk-tickets", include_str!("../../templates/mappings/zendesk-tickets.toml")),
    ("zendesk-users", include_str!("../../templates/mappings/zendesk-users.toml")),
    ("zendesk-organizations", include_str!("../../templates/mappings/zendesk-organizations.toml")),
    ("freshdesk-tickets", include_str!("../../templates/mappings/freshdesk-tickets.toml")),
    ("freshdesk-contacts", include_str!("../../templates/mappings/freshdesk-contacts.toml")),
    ("hubspot-contacts", include_str!("../../templates/mappings/hubspot-contacts.toml")),
    ("hubspot-companies", include_str!("../../templates/mappings/hubspot-companies.toml")),
    ("hubspot-tickets", include_str!("../../templates/mappings/hubspot-tickets.toml")),
    ("salesforce-contacts", include_str!("../../templates/mappings/salesforce-contacts.toml")),
    ("salesforce-accounts", include_str!("../../templates/mappings/salesforce-accounts.toml")),
    ("salesforce-cases", include_str!("../../templates/mappings/salesforce-cases.toml")),
    ("udesk-customers", include_str!("../../templates/mappings/udesk-customers.toml")),
    ("udesk-tickets", include_str!("../../templates/mappings/udesk-tickets.toml")),
];

/// The text of the mapping of this name.
pub(super) fn preset(name: &str) -> Option<&'static str> {
    FILES.iter().find(|(own, _)| *own == name).map(|(_, text)| *text)
}

/// The names of all of them.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    FILES.iter().map(|(name, _)| *name)
}
