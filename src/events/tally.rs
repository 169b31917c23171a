//! Keeps what can happen very often from filling the store: the same thing is told a few times a minute, then counted.

use std::{collections::HashMap, sync::Arc, time::Duration};

use super::{event::Event, kind::Kind, repeats::Repeats};
use crate::clock::Timestamp;

/// What is counted together.
const WINDOW: Duration = Duration::from_secs(60);
/// Counts of workers that are read for one thing; what more there are, the workers tell of one by one.
const READ: usize = 64;

/// How often a kind of thing is told within a minute.
#[derive(Clone, Copy)]
struct Limits {
    /// The same thing, of the same user or address in the same app.
    same: u32,
    /// Different things of known users.
    known: usize,
    /// Different things of whoever is not known.
    unknown: usize,
}

impl Kind {
    /// `None` for what the store's own work limits already.
    const fn limits(self) -> Option<Limits> {
        match self {
            Self::Action => Some(Limits { same: 600, known: 1_000, unknown: 10 }),
            Self::RequestRefused => Some(Limits { same: 1, known: 100, unknown: 10 }),
            Self::SigninFailed | Self::SigninBlocked => Some(Limits { same: 1, known: 10, unknown: 10 }),
            _ => None,
        }
    }

    /// Whether anybody at all can make it happen, as fast as they like.
    pub(super) const fn is_anybodys(self) -> bool {
        matches!(self, Self::RequestRefused | Self::SigninFailed | Self::SigninBlocked)
    }
}

/// An event that is due to be stored.
pub(super) type Due = (Event, Timestamp);

/// What was told and counted in this minute.
#[derive(Default)]
pub(super) struct Tally {
    started: Duration,
    same: HashMap<Key, Same>,
    /// What was different from everything told, past the limit.
    others: HashMap<(Kind, Who), Others>,
}

#[derive(PartialEq, Eq, Hash)]
struct Key {
    kind: Kind,
    who: Option<String>,
    app: Option<String>,
    what: Option<String>,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Who {
    Known,
    Unknown,
}

struct Same {
    who: Who,
    told: u32,
    counted: u64,
    /// The last of which there is more to say than that it was told.
    last: Option<Due>,
    /// What workers count by themselves.
    repeats: Vec<Arc<Repeats>>,
}

#[derive(Default)]
struct Others {
    counted: u64,
    last: Option<Timestamp>,
}

impl Key {
    fn of(event: &Event) -> Self {
        let what = ["capability", "cause"].into_iter().find_map(|name| event.detail.get(name));
        Self {
            kind: event.kind,
            who: event.actor.clone().or_else(|| event.address.clone()),
            app: event.app.clone(),
            what: what.and_then(|what| what.as_str()).map(str::to_owned),
        }
    }
}

impl Same {
    const fn of(who: Who) -> Self {
        Self { who, told: 0, counted: 0, last: None, repeats: Vec::new() }
    }

    fn take(&mut self, due: Due, limits: Limits, repeats: Option<Arc<Repeats>>) -> Option<Due> {
        let again = repeats.is_some();
        match repeats {
            Some(repeats) if self.repeats.len() < READ => self.repeats.push(repeats),
            Some(repeats) => self.counted += repeats.close().0,
            None => {}
        }
        if self.told < limits.same {
            self.told += 1;
            self.last = again.then(|| due.clone());
            return Some(due);
        }
        self.counted += 1;
        self.last = Some(due);
        None
    }
}

impl Tally {
    /// Takes an event; it comes back where it is to be stored now. Where its worker counts by itself how often it happens
    /// again, `repeats` is that count.
    pub(super) fn take(&mut self, (event, at): Due, repeats: Option<Arc<Repeats>>) -> Option<Due> {
        let Some(limits) = event.kind.limits() else { return Some((event, at)) };
        let (who, different) = match event.actor {
            Some(_) => (Who::Known, limits.known),
            None => (Who::Unknown, limits.unknown),
        };
        let (key, kind) = (Key::of(&event), event.kind);
        if let Some(same) = self.same.get_mut(&key) {
            return same.take((event, at), limits, repeats);
        }
        if self.same.iter().filter(|(key, same)| key.kind == kind && same.who == who).count() >= different {
            let others = self.others.entry((kind, who)).or_default();
            others.counted += 1 + repeats.map_or(0, |repeats| repeats.close().0);
            others.last = Some(at);
            return None;
        }
        let same = self.same.entry(key).or_insert(Same::of(who));
        same.take((event, at), limits, repeats)
    }

    /// What was only counted, once the minute is over.
    pub(super) fn due(&mut self, now: Duration) -> Vec<Due> {
        if now.saturating_sub(self.started) < WINDOW {
            return Vec::new();
        }
        self.started = now;
        self.close()
    }

    /// What was only counted so far.
    pub(super) fn close(&mut self) -> Vec<Due> {
        let mut due = Vec::new();
        // Whatever still happens when the minute ends has been told for the next one.
        self.same.retain(|_, same| {
            let Some((event, mut at)) = same.last.take() else { return false };
            for (count, last) in same.repeats.drain(..).map(|repeats| repeats.close()) {
                same.counted += count;
                at = if count > 0 { at.max(last) } else { at };
            }
            if same.counted == 0 {
                return false;
            }
            due.push((event.with("count", same.counted), at));
            same.told = same.told.min(1);
            same.counted = 0;
            true
        });
        due.extend(self.others.drain().filter_map(|((kind, _), others)| {
            let event = Event::new(kind).with("others", true).with("count", others.counted);
            Some((event, others.last?))
        }));
        due.sort_by_key(|(_, at)| *at);
        due
    }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use super::*;
    use crate::{authn::name::UserName, events::event::By};

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_secs(seconds)
    }

    fn refused(host: u8, cause: &str) -> Event {
        Event::new(Kind::RequestRefused).from(IpAddr::from([192, 0, 2, host])).with("cause", cause)
    }

    fn count(event: &Event) -> Option<u64> {
        event.detail.get("count")?.as_u64()
    }

    #[test]
    fn the_same_refusal_is_told_once_a_minute_with_a_count() {
        let mut tally = Tally::default();
        assert!(tally.due(Duration::from_secs(100)).is_empty());
        assert_eq!(tally.take((refused(1, "a"), at(0)), None), Some((refused(1, "a"), at(0))));
        for second in 1..=5 {
            assert_eq!(tally.take((refused(1, "a"), at(second)), None), None);
        }
        assert!(tally.take((refused(1, "b"), at(6)), None).is_some(), "another rule");
        assert!(tally.take((refused(2, "a"), at(7)), None).is_some(), "another address");
        assert!(tally.due(Duration::from_secs(159)).is_empty());
        assert_eq!(tally.due(Duration::from_secs(160)), [(refused(1, "a").with("count", 5), at(5))]);
        assert_eq!(
            tally.take((refused(1, "a"), at(61)), None),
            None,
            "it was told at the end of the last minute"
        );
        assert!(tally.take((refused(2, "a"), at(62)), None).is_some(), "that one was told a minute ago");
        assert_eq!(tally.due(Duration::from_secs(220)), [(refused(1, "a").with("count", 1), at(61))]);
        assert!(tally.due(Duration::from_secs(280)).is_empty());
        assert!(tally.take((refused(1, "a"), at(190)), None).is_some());
    }

    #[test]
    fn what_workers_count_is_told_with_the_rest() {
        let mut tally = Tally::default();
        let [one, two, late] = [(); 3].map(|()| Arc::<Repeats>::default());
        assert!(tally.take((refused(1, "a"), at(0)), Some(Arc::clone(&one))).is_some());
        assert_eq!(tally.take((refused(1, "a").with("route", "/x"), at(1)), Some(Arc::clone(&two))), None);
        assert!(tally.take((refused(2, "b"), at(1)), Some(Arc::default())).is_some());
        assert!(one.again(at(7)) && one.again(at(5)) && two.again(at(4)));
        assert_eq!(tally.close(), [(refused(1, "a").with("route", "/x").with("count", 4), at(5))]);
        assert!(!one.again(at(8)) && !two.again(at(8)), "the next one is told of");
        assert_eq!(tally.take((refused(1, "a"), at(61)), Some(Arc::clone(&late))), None);
        assert!(late.again(at(62)));
        assert_eq!(tally.close(), [(refused(1, "a").with("count", 2), at(62))]);
    }

    #[test]
    fn the_counts_that_are_read_are_bounded() {
        let mut tally = Tally::default();
        let counts = [(); READ + 2].map(|()| Arc::<Repeats>::default());
        for count in &counts {
            tally.take((refused(1, "a"), at(0)), Some(Arc::clone(count)));
        }
        let open = counts.iter().filter(|count| count.again(at(1))).count();
        assert_eq!(open, READ);
        assert_eq!(tally.close().iter().map(|(event, _)| count(event)).collect::<Vec<_>>(), [Some(65 + 64)]);
    }

    #[test]
    fn what_a_worker_counted_before_its_event_was_read_is_not_lost() {
        let mut tally = Tally::default();
        for host in 0..10 {
            tally.take((refused(host, "a"), at(0)), None);
        }
        let early = Arc::<Repeats>::default();
        assert!(early.again(at(1)) && early.again(at(1)));
        assert_eq!(tally.take((refused(99, "a"), at(1)), Some(Arc::clone(&early))), None);
        assert!(!early.again(at(2)));
        assert_eq!(tally.close().iter().map(|(event, _)| count(event)).collect::<Vec<_>>(), [Some(3)]);
    }

    #[test]
    fn strangers_together_are_told_ten_times_a_minute_and_take_no_memory() {
        let mut tally = Tally::default();
        let told = (0..=255)
            .flat_map(|host| ["a", "b"].map(|cause| refused(host, cause)))
            .filter_map(|event| tally.take((event, at(3)), None))
            .count();
        assert_eq!((told, tally.same.len()), (10, 10));
        let due = tally.close();
        assert_eq!(due.iter().map(|(event, _)| count(event)).collect::<Vec<_>>(), [Some(502)]);
        assert_eq!(due[0].0.address, None);
    }

    #[test]
    fn strangers_do_not_keep_what_known_users_do_from_being_told() {
        let mut tally = Tally::default();
        for host in 0..=255 {
            tally.take((refused(host, "a"), at(0)), None);
        }
        let bob = UserName::parse("bob").unwrap();
        assert!(tally.take((refused(1, "a").by(By::User(&bob)), at(0)), None).is_some());
        assert!(tally.take((Event::new(Kind::SigninFailed), at(0)), None).is_some());
        for _ in 0..1_000 {
            assert!(tally.take((Event::new(Kind::UserAdded).by(By::User(&bob)), at(0)), None).is_some());
        }
    }

    #[test]
    fn actions_are_told_one_by_one_until_a_program_runs_wild() {
        let mut tally = Tally::default();
        let bob = UserName::parse("bob").unwrap();
        let action = || Event::new(Kind::Action).by(By::User(&bob)).with("capability", "pause_resume");
        assert_eq!((0..700).filter_map(|_| tally.take((action(), at(0)), None)).count(), 600);
        assert_eq!(tally.close().iter().map(|(event, _)| count(event)).collect::<Vec<_>>(), [Some(100)]);
    }
}
