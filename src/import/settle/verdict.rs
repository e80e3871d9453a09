//! What became of rows in doubt, as far as a reading of the account proves it: a plain function of what was found.

/// Rows that say the same, and what was found of them.
#[derive(Debug, Clone, Default)]
pub(super) struct Alike {
    /// Those that the service said were made, without an id: for each, whether a record that is not there now is proved not to
    /// come any more.
    pub made: Vec<bool>,
    /// Those of which nobody knows: for each, whether a record that is not there now is proved not to come any more.
    pub doubtful: Vec<bool>,
    /// Ids of records that nobody has, that are newer than the run, and that say all that was sent.
    pub matches: Vec<String>,
    /// Ids of records that nobody has and that could be theirs all the same: the key is theirs, and not all else.
    pub similar: Vec<String>,
    /// An equal row was given a record before, and nobody can tell whether it made it.
    pub was_shared: bool,
}

/// What became of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It made the record with this id.
    Made(String),
    /// It made none, and may be sent.
    NotMade {
        /// An equal row made a record, and nobody can tell which of them did: its request id may be that one's.
        is_anew: bool,
    },
    /// It is not known; these records may be its own.
    Unknown(Vec<String>),
}

/// What became of rows that say the same: first those that the service said were made, then those of which nobody knows.
///
/// Equal rows share the records that say the same: which of them made which does not matter, how many there are does. More
/// records than rows are not ours alone, and nobody can tell which; fewer are all ours. They are given first to rows that can make
/// none any more: those that still can may yet make their own.
pub(super) fn settle(alike: &Alike) -> (Vec<Verdict>, Vec<Verdict>) {
    let Alike { made, doubtful, matches, similar, was_shared } = alike;
    if matches.len() > made.len() + doubtful.len() {
        let candidates: Vec<String> = matches.iter().chain(similar).cloned().collect();
        let of_none = Verdict::Unknown(candidates);
        return (vec![of_none.clone(); made.len()], vec![of_none; doubtful.len()]);
    }
    let unseen = made.iter().skip(matches.len());
    // A record that is made and not seen yet shows that the list lags behind.
    let is_all_seen = unseen.clone().all(|may_be_absent| *may_be_absent) && similar.is_empty();
    let without_record = |is_anew: bool| {
        move |may_be_absent: &bool| match may_be_absent {
            true if is_all_seen => Verdict::NotMade { is_anew },
            _ => Verdict::Unknown(similar.clone()),
        }
    };
    let mut records = matches.iter().cloned();
    let mut of_made: Vec<Verdict> = records.by_ref().take(made.len()).map(Verdict::Made).collect();
    of_made.extend(unseen.map(without_record(*was_shared || !matches.is_empty())));
    let is_anew = *was_shared || matches.len() > made.len();
    let mut verdicts: Vec<Verdict> = doubtful.iter().map(without_record(is_anew)).collect();
    for can_come in [false, true] {
        let rows = verdicts.iter_mut().zip(doubtful).filter(|(_, may_be_absent)| **may_be_absent != can_come);
        rows.zip(&mut records).for_each(|((verdict, _), id)| *verdict = Verdict::Made(id));
    }
    (of_made, verdicts)
}

#[cfg(test)]
mod tests {
    use super::Verdict::{Made, Unknown};
    use super::*;

    const NOT_MADE: Verdict = Verdict::NotMade { is_anew: false };
    const NOT_THIS_ONE: Verdict = Verdict::NotMade { is_anew: true };

    fn ids(ids: &[u32]) -> Vec<String> {
        ids.iter().map(u32::to_string).collect()
    }

    fn of(made: &[bool], doubtful: &[bool], matches: &[u32], similar: &[u32]) -> (Vec<Verdict>, Vec<Verdict>) {
        let (made, doubtful) = (made.to_vec(), doubtful.to_vec());
        settle(&Alike { made, doubtful, matches: ids(matches), similar: ids(similar), was_shared: false })
    }

    fn made(id: u32) -> Verdict {
        Made(id.to_string())
    }

    #[test]
    fn the_table() {
        for (doubtful, matches, similar, verdicts) in [
            // One row: one record, none, two.
            (&[false][..], &[7][..], &[][..], vec![made(7)]),
            (&[true], &[7], &[], vec![made(7)]),
            (&[true], &[], &[], vec![NOT_MADE]),
            (&[false], &[], &[], vec![Unknown(vec![])]),
            (&[true], &[7, 8], &[], vec![Unknown(ids(&[7, 8]))]),
            // A record with the key alone is no proof, in neither direction.
            (&[true], &[], &[9], vec![Unknown(ids(&[9]))]),
            (&[true], &[7], &[9], vec![made(7)]),
            (&[true], &[7, 8], &[9], vec![Unknown(ids(&[7, 8, 9]))]),
            // Equal rows share the records.
            (&[true, true, true], &[7, 8], &[], vec![made(7), made(8), NOT_THIS_ONE]),
            // The record may be that of the row that can make none any more, and the others may still come.
            (&[false, false, true], &[7], &[], vec![Unknown(vec![]), Unknown(vec![]), made(7)]),
            (&[false, true, true], &[7], &[], vec![Unknown(vec![]), made(7), NOT_THIS_ONE]),
            (&[false, true], &[7, 8], &[], vec![made(8), made(7)]),
            (&[true, true], &[7, 8, 9], &[], vec![Unknown(ids(&[7, 8, 9])); 2]),
        ] {
            assert_eq!(of(&[], doubtful, matches, similar), (vec![], verdicts), "{doubtful:?} {matches:?} {similar:?}");
        }
    }

    #[test]
    fn rows_that_were_made_come_first() {
        let none = || Unknown(vec![]);
        assert_eq!(of(&[false], &[], &[7], &[]), (vec![made(7)], vec![]));
        assert_eq!(of(&[false, false], &[true], &[7, 8], &[]), (vec![made(7), made(8)], vec![NOT_MADE]));
        assert_eq!(of(&[false], &[true], &[7, 8], &[]), (vec![made(7)], vec![made(8)]));
        // The list lags behind: what was made is not all there.
        assert_eq!(of(&[false, false], &[true], &[7], &[]), (vec![made(7), none()], vec![none()]));
        // One of them is somebody else's.
        assert_eq!(of(&[false], &[], &[7, 8], &[]), (vec![Unknown(ids(&[7, 8]))], vec![]));
        let candidates = || Unknown(ids(&[7, 8, 9]));
        assert_eq!(of(&[false], &[true], &[7, 8, 9], &[]), (vec![candidates()], vec![candidates()]));
    }

    #[test]
    fn what_the_service_only_said_was_made_may_be_proved_not_to_be() {
        assert_eq!(of(&[true], &[], &[], &[]), (vec![NOT_MADE], vec![]));
        assert_eq!(of(&[true, true], &[true], &[7], &[]), (vec![made(7), NOT_THIS_ONE], vec![NOT_MADE]));
        // A record that may be its own, and one that may still come.
        assert_eq!(of(&[true], &[], &[], &[9]), (vec![Unknown(ids(&[9]))], vec![]));
        assert_eq!(of(&[true, false], &[], &[], &[]), (vec![Unknown(vec![]); 2], vec![]));
    }

    #[test]
    fn no_record_is_given_to_two_rows_and_none_is_free_while_one_could_be_its_own() {
        let counts = || 0..4usize;
        for (made, doubtful, matches, similar) in counts()
            .flat_map(|a| counts().flat_map(move |b| counts().flat_map(move |c| counts().map(move |d| (a, b, c, d)))))
        {
            for may_be_absent in [false, true] {
                let alike = Alike {
                    made: vec![may_be_absent; made],
                    doubtful: vec![may_be_absent; doubtful],
                    matches: (0..matches).map(|id| format!("m{id}")).collect(),
                    similar: (0..similar).map(|id| format!("s{id}")).collect(),
                    was_shared: false,
                };
                let (found, verdicts) = settle(&alike);
                assert_eq!((found.len(), verdicts.len()), (made, doubtful), "{alike:?}");
                let all = || found.iter().chain(&verdicts);
                let mut given: Vec<&String> = Vec::new();
                given.extend(all().filter_map(|verdict| match verdict {
                    Made(id) => Some(id),
                    _ => None,
                }));
                let handed = given.len();
                given.sort();
                given.dedup();
                assert_eq!(given.len(), handed, "{alike:?}");
                assert!(given.iter().all(|id| id.starts_with('m')), "{alike:?}");
                assert!(matches <= made + doubtful || handed == 0, "{alike:?}");
                let is_free = all().any(|verdict| matches!(verdict, Verdict::NotMade { .. }));
                assert!(!is_free || may_be_absent && similar == 0 && handed == matches, "{alike:?}");
            }
        }
    }
}
