//! How a server is to be.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use super::account_copy::AccountCopy;
use super::assume::Assume;
use super::faults::fault::Fault;
use super::seed::size::Size;
use super::variants::Variants;

/// How a server is to be.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where it listens; port 0 takes a free one. Only addresses of this machine are accepted.
    pub listen: SocketAddr,
    /// The file that keeps the records; none keeps them in memory.
    pub data: Option<PathBuf>,
    /// Makes a new store like this account.
    pub like: Option<AccountCopy>,
    /// Fills a new store with invented records.
    pub seed: Option<u64>,
    /// How many of them.
    pub seed_size: Size,
    /// Which assumed endpoints answer.
    pub assume: Assume,
    /// Which variant of the interface is played.
    pub variants: Variants,
    /// What goes wrong.
    pub faults: Vec<Fault>,
    /// Decides everything random about faults.
    pub fault_seed: u64,
}

impl Default for Options {
    /// A free port, records in memory without a seed, nothing assumed, no faults.
    fn default() -> Self {
        Options {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            data: None,
            like: None,
            seed: None,
            seed_size: Size::default(),
            assume: Assume::default(),
            variants: Variants::default(),
            faults: Vec::new(),
            fault_seed: 1,
        }
    }
}
