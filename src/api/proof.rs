//! The decision table: what became of a write, as far as that is proved. A plain function of what was sent, what came back
//! and what the service is known to do with a repeated request id. Whether a write may be sent again follows from it and
//! from nothing else: only what is proved not done, for now, may be.

/// What was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Sent {
    /// An earlier attempt at the same write, under the same request id, may have arrived.
    pub is_repeat: bool,
}

/// What the service does with a request id that it has seen before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Honours {
    /// Nobody knows: it may do the write twice.
    #[default]
    Nothing,
    /// It answers as it did the first time, and does nothing.
    Replays,
    /// It refuses, and does nothing.
    Refuses,
}

/// What came of an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Came {
    /// No connection was made.
    NoConnection,
    /// The request may have left, and no whole answer came: time ran out, the connection broke, the process ended.
    Nothing,
    /// An answer.
    Answer {
        /// Its HTTP status.
        status: u16,
        /// What its body and its `Location` say.
        says: Says,
    },
}

/// What an answer says, whatever its status is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Says {
    /// The write was done: the record, its id, or words of success.
    Done,
    /// No, in one of the service's own shapes.
    No {
        /// In the shape that speaks of one record, and not of the login.
        is_of_record: bool,
    },
    /// No: what was to be written is there already.
    AlreadyThere,
    /// No: there is no such path.
    NoSuchPath,
    /// Two things that cannot both be so: an error and a record, two error codes, an id that cannot be or that another row
    /// has, the record of another row.
    Contradiction,
    /// Nothing that the service is known to say: nothing at all, a page, an unknown shape.
    Nothing,
}

/// What is proved of a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Proof {
    /// It was done.
    Done,
    /// It was not done.
    NotDone(NotDone),
    /// Neither: it must not be repeated unless the service honours its request id.
    Ambiguous,
}

/// Why a write was not done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NotDone {
    /// It was not taken for now: it may be sent again.
    ForNow,
    /// The service rejects this record.
    Rejected,
    /// What was to be written is there already.
    AlreadyThere,
    /// The login is rejected.
    Login,
    /// The login may not do this.
    Forbidden,
    /// There is no such path on this host.
    NoSuchPath,
}

/// What is proved of a write by what came of it.
pub(super) fn prove(sent: Sent, came: Came, honours: Honours) -> Proof {
    let proof = match came {
        Came::NoConnection => Proof::NotDone(NotDone::ForNow),
        Came::Nothing => Proof::Ambiguous,
        Came::Answer { status, says } => of_answer(status, says),
    };
    match (proof, sent.is_repeat, honours) {
        // The answer of the first time, given again.
        (Proof::NotDone(NotDone::Rejected | NotDone::AlreadyThere), true, Honours::Replays) => proof,
        // It tells of the repeat alone: the first attempt is as much in doubt as before. Where repeats are refused it has
        // even arrived.
        (Proof::NotDone(_), true, _) => Proof::Ambiguous,
        _ => proof,
    }
}

fn of_answer(status: u16, says: Says) -> Proof {
    let rejected = |says| match says {
        Says::AlreadyThere => Proof::NotDone(NotDone::AlreadyThere),
        Says::NoSuchPath => Proof::NotDone(NotDone::NoSuchPath),
        _ => Proof::NotDone(NotDone::Rejected),
    };
    match (status, says) {
        // Whoever sends elsewhere, or failed on the way, may have passed the write on before.
        (300..=399 | 408 | 500.., _) | (_, Says::Contradiction) => Proof::Ambiguous,
        // A no with the record that was made, whatever kind of no: sent once more, it would be made twice.
        (400.., Says::Done) => Proof::Ambiguous,
        // Nothing is processed before the login.
        (401, _) => Proof::NotDone(NotDone::Login),
        (429, _) => Proof::NotDone(NotDone::ForNow),
        (403, Says::Nothing | Says::NoSuchPath | Says::No { is_of_record: false }) => {
            Proof::NotDone(NotDone::Forbidden)
        }
        // Gateways answer so as well, when they gave up waiting.
        (409 | 413 | 499, Says::Nothing) => Proof::Ambiguous,
        // Without a readable word of the service a proxy may have said it, but nobody above it processed the write.
        (400.., Says::Nothing) => rejected(says),
        (_, Says::No { .. } | Says::AlreadyThere | Says::NoSuchPath) => rejected(says),
        (200..=299, Says::Done) => Proof::Done,
        (_, Says::Done | Says::Nothing) => Proof::Ambiguous,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DONE: Proof = Proof::Done;
    const AMBIGUOUS: Proof = Proof::Ambiguous;
    const FOR_NOW: Proof = Proof::NotDone(NotDone::ForNow);
    const REJECTED: Proof = Proof::NotDone(NotDone::Rejected);
    const THERE: Proof = Proof::NotDone(NotDone::AlreadyThere);
    const LOGIN: Proof = Proof::NotDone(NotDone::Login);
    const FORBIDDEN: Proof = Proof::NotDone(NotDone::Forbidden);
    const NO_PATH: Proof = Proof::NotDone(NotDone::NoSuchPath);
    const NO: Says = Says::No { is_of_record: false };
    const NO_OF_RECORD: Says = Says::No { is_of_record: true };
    const HONOURS: [Honours; 3] = [Honours::Nothing, Honours::Replays, Honours::Refuses];
    const ALL_SAID: [Says; 7] =
        [Says::Done, NO, NO_OF_RECORD, Says::AlreadyThere, Says::NoSuchPath, Says::Contradiction, Says::Nothing];

    fn answer(status: u16, says: Says) -> Came {
        Came::Answer { status, says }
    }

    fn first(came: Came, honours: Honours) -> Proof {
        prove(Sent { is_repeat: false }, came, honours)
    }

    fn again(came: Came, honours: Honours) -> Proof {
        prove(Sent { is_repeat: true }, came, honours)
    }

    #[test]
    fn the_table() {
        for (came, proof) in [
            // Not connected, and all other failures of the transport; a process that ended between intent and outcome.
            (Came::NoConnection, FOR_NOW),
            (Came::Nothing, AMBIGUOUS),
            // 2xx: with proof, unreadable or of an unknown shape, with the service's own no.
            (answer(200, Says::Done), DONE),
            (answer(201, Says::Done), DONE),
            (answer(204, Says::Done), DONE),
            (answer(200, Says::Nothing), AMBIGUOUS),
            (answer(201, Says::Nothing), AMBIGUOUS),
            (answer(202, Says::Nothing), AMBIGUOUS),
            (answer(200, NO), REJECTED),
            (answer(200, NO_OF_RECORD), REJECTED),
            (answer(200, Says::AlreadyThere), THERE),
            (answer(200, Says::NoSuchPath), NO_PATH),
            // 3xx.
            (answer(301, Says::Nothing), AMBIGUOUS),
            (answer(302, Says::Nothing), AMBIGUOUS),
            (answer(303, Says::Done), AMBIGUOUS),
            (answer(307, Says::Nothing), AMBIGUOUS),
            // 400, 404, 422: no, with and without words of the service.
            (answer(400, NO), REJECTED),
            (answer(404, NO), REJECTED),
            (answer(404, Says::NoSuchPath), NO_PATH),
            (answer(422, NO), REJECTED),
            (answer(400, Says::Nothing), REJECTED),
            (answer(404, Says::Nothing), REJECTED),
            (answer(422, Says::Nothing), REJECTED),
            // 401 and 403.
            (answer(401, NO), LOGIN),
            (answer(401, Says::Nothing), LOGIN),
            (answer(403, NO), FORBIDDEN),
            (answer(403, Says::Nothing), FORBIDDEN),
            (answer(403, NO_OF_RECORD), REJECTED),
            (answer(403, Says::AlreadyThere), THERE),
            // 408; 409, 413 and 499 with the service's own words and without.
            (answer(408, NO), AMBIGUOUS),
            (answer(408, Says::Nothing), AMBIGUOUS),
            (answer(409, NO), REJECTED),
            (answer(409, Says::AlreadyThere), THERE),
            (answer(409, Says::Nothing), AMBIGUOUS),
            (answer(413, NO), REJECTED),
            (answer(413, Says::Nothing), AMBIGUOUS),
            (answer(499, NO), REJECTED),
            (answer(499, Says::Nothing), AMBIGUOUS),
            // 429, with words and without.
            (answer(429, NO), FOR_NOW),
            (answer(429, Says::Nothing), FOR_NOW),
            // 5xx, with and without words; `Retry-After` changes nothing, so it is not asked for.
            (answer(500, NO), AMBIGUOUS),
            (answer(500, Says::Done), AMBIGUOUS),
            (answer(502, Says::Nothing), AMBIGUOUS),
            (answer(503, NO), AMBIGUOUS),
            (answer(503, Says::Nothing), AMBIGUOUS),
            (answer(504, Says::Nothing), AMBIGUOUS),
            // A no that holds the record, or says no in two ways.
            (answer(401, Says::Done), AMBIGUOUS),
            (answer(403, Says::Done), AMBIGUOUS),
            (answer(409, Says::Done), AMBIGUOUS),
            (answer(422, Says::Done), AMBIGUOUS),
            (answer(429, Says::Done), AMBIGUOUS),
            (answer(401, Says::Contradiction), AMBIGUOUS),
            (answer(429, Says::Contradiction), AMBIGUOUS),
        ] {
            for honours in HONOURS {
                assert_eq!(first(came, honours), proof, "{came:?}, {honours:?}");
            }
        }
    }

    #[test]
    fn a_repeat_is_done_or_tells_nothing_of_the_first_attempt() {
        for (came, nothing, replays, refuses) in [
            (Came::NoConnection, AMBIGUOUS, AMBIGUOUS, AMBIGUOUS),
            (Came::Nothing, AMBIGUOUS, AMBIGUOUS, AMBIGUOUS),
            (answer(200, Says::Done), DONE, DONE, DONE),
            // The first answer again; or "I have had that", which says that the first attempt arrived and no more.
            (answer(422, NO), AMBIGUOUS, REJECTED, AMBIGUOUS),
            (answer(409, NO), AMBIGUOUS, REJECTED, AMBIGUOUS),
            (answer(409, Says::AlreadyThere), AMBIGUOUS, THERE, AMBIGUOUS),
            (answer(429, NO), AMBIGUOUS, AMBIGUOUS, AMBIGUOUS),
            (answer(401, NO), AMBIGUOUS, AMBIGUOUS, AMBIGUOUS),
            (answer(500, NO), AMBIGUOUS, AMBIGUOUS, AMBIGUOUS),
        ] {
            for (honours, proof) in HONOURS.into_iter().zip([nothing, replays, refuses]) {
                assert_eq!(again(came, honours), proof, "{came:?}, {honours:?}");
            }
        }
    }

    #[test]
    fn whatever_comes_a_contradiction_proves_nothing_and_only_2xx_proves_done() {
        for (status, says) in (100..600).flat_map(|status| ALL_SAID.map(|says| (status, says))) {
            for (honours, is_repeat) in HONOURS.into_iter().flat_map(|honours| [(honours, false), (honours, true)]) {
                let proof = prove(Sent { is_repeat }, answer(status, says), honours);
                let is_no_and_done = status >= 400 && says == Says::Done;
                assert!(says != Says::Contradiction && !is_no_and_done || proof == AMBIGUOUS, "{status} {says:?}");
                assert!(proof != DONE || (200..300).contains(&status) && says == Says::Done, "{status} {says:?}");
                assert!(status < 500 || proof == AMBIGUOUS, "{status} {says:?}");
            }
        }
    }
}
