//! The container of old workbooks: a small file system in a file. Nothing it claims is believed: a chain of sectors that
//! runs in a circle or out of the file ends.

/// What it begins with.
pub(super) const SIGNATURE: &[u8] = b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1";
/// Bytes of its header.
const HEADER: usize = 512;
/// Bytes of an entry of its directory.
const ENTRY: usize = 128;
/// Sector numbers from here on are marks: of an end, of nothing.
const MARKS: u32 = 0xFFFF_FFFA;
/// Bytes of a sector of a small stream.
const SMALL_SECTOR: usize = 64;
/// Streams shorter than this are small.
const SMALL: usize = 4096;
/// Entries of the table of tables in the header.
const IN_HEADER: usize = 109;

/// A stream of the file.
#[derive(Debug, Clone)]
struct Entry {
    name: String,
    start: u32,
    size: usize,
}

/// An open container.
pub(super) struct CompoundFile {
    bytes: Vec<u8>,
    sector: usize,
    next: Vec<u32>,
    next_small: Vec<u32>,
    small: Vec<u8>,
    entries: Vec<Entry>,
}

impl CompoundFile {
    /// Takes the bytes of a file; none when they are no container.
    pub(super) fn new(bytes: Vec<u8>) -> Option<CompoundFile> {
        if !bytes.starts_with(SIGNATURE) || bytes.len() < HEADER {
            return None;
        }
        let sector = match u16_at(&bytes, 30)? {
            shift @ (9 | 12) => 1usize << shift,
            _ => return None,
        };
        let mut file = CompoundFile {
            bytes,
            sector,
            next: Vec::new(),
            next_small: Vec::new(),
            small: Vec::new(),
            entries: Vec::new(),
        };
        file.next = file.read_table()?;
        let (small_table, directory) = (u32_at(&file.bytes, 60)?, u32_at(&file.bytes, 48)?);
        file.next_small = numbers(&file.chain(small_table));
        let directory = file.chain(directory);
        let mut root = None;
        for entry in directory.chunks_exact(ENTRY) {
            let length = usize::from(u16_at(entry, 64)?).saturating_sub(2).min(64);
            let units: Vec<u16> =
                entry[..length].chunks_exact(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]])).collect();
            let found = Entry {
                name: String::from_utf16_lossy(&units),
                start: u32_at(entry, 116)?,
                size: u32_at(entry, 120)? as usize,
            };
            match entry[66] {
                5 => root = Some(found),
                2 => file.entries.push(found),
                _ => {}
            }
        }
        file.small = root.map(|root| file.chain(root.start)).unwrap_or_default();
        Some(file)
    }

    /// Whether it has a stream of this name.
    pub(super) fn has(&self, name: &str) -> bool {
        self.entries.iter().any(|entry| entry.name.eq_ignore_ascii_case(name))
    }

    /// The bytes of a stream; none when there is no such stream, or when it is cut off.
    pub(super) fn stream(&self, name: &str) -> Option<Vec<u8>> {
        let entry = self.entries.iter().find(|entry| entry.name.eq_ignore_ascii_case(name))?;
        let mut bytes = if entry.size < SMALL { self.small_chain(entry.start) } else { self.chain(entry.start) };
        if bytes.len() < entry.size {
            return None;
        }
        bytes.truncate(entry.size);
        Some(bytes)
    }

    /// Which sector follows which.
    fn read_table(&self) -> Option<Vec<u32>> {
        let header = numbers(&self.bytes[HEADER - IN_HEADER * 4..HEADER]);
        let mut tables: Vec<u32> = header.into_iter().filter(|sector| *sector < MARKS).collect();
        let mut more = u32_at(&self.bytes, 68)?;
        let most = self.bytes.len() / self.sector;
        for _ in 0..most {
            let Some(bytes) = self.sector_at(more) else { break };
            let mut sectors = numbers(bytes);
            more = sectors.pop()?;
            tables.extend(sectors.into_iter().filter(|sector| *sector < MARKS));
        }
        Some(tables.into_iter().take(most).filter_map(|table| self.sector_at(table)).flat_map(numbers).collect())
    }

    fn sector_at(&self, sector: u32) -> Option<&[u8]> {
        if sector >= MARKS {
            return None;
        }
        let start = (sector as usize).checked_add(1)?.checked_mul(self.sector)?;
        let end = start.checked_add(self.sector)?.min(self.bytes.len());
        self.bytes.get(start..end)
    }

    fn chain(&self, start: u32) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut sector = start;
        // A chain longer than the file runs in a circle.
        for _ in 0..=self.bytes.len() / self.sector {
            let Some(piece) = self.sector_at(sector) else { break };
            bytes.extend_from_slice(piece);
            sector = self.next.get(sector as usize).copied().unwrap_or(u32::MAX);
        }
        bytes
    }

    fn small_chain(&self, start: u32) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut sector = start;
        while bytes.len() < SMALL && sector < MARKS {
            let at = sector as usize * SMALL_SECTOR;
            let Some(piece) = self.small.get(at..at + SMALL_SECTOR) else { break };
            bytes.extend_from_slice(piece);
            sector = self.next_small.get(sector as usize).copied().unwrap_or(u32::MAX);
        }
        bytes
    }
}

/// The number of two bytes at a place.
pub(super) fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    let pair = bytes.get(at..at.checked_add(2)?)?;
    Some(u16::from_le_bytes([pair[0], pair[1]]))
}

/// The number of four bytes at a place.
pub(super) fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from(u16_at(bytes, at)?) | u32::from(u16_at(bytes, at + 2)?) << 16)
}

fn numbers(bytes: &[u8]) -> Vec<u32> {
    bytes.chunks_exact(4).filter_map(|bytes| u32_at(bytes, 0)).collect()
}
