//! Who is next: networks take turns, so that no crowd keeps others waiting for longer than it waits itself.

use std::{
    collections::{HashMap, VecDeque},
    net::IpAddr,
};

/// Whether somebody signed in from a network lately.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// Somebody did: they have places of their own, and every other turn.
    Known,
    /// Nobody did.
    Stranger,
}

/// Where a job comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Turn {
    /// Which places it takes.
    pub class: Class,
    /// Whose turn it takes there.
    pub network: IpAddr,
}

/// How many may wait.
#[derive(Clone, Copy, Debug)]
pub struct Places {
    /// For networks that are known.
    pub known: usize,
    /// For all others.
    pub strangers: usize,
}

/// All that wait.
pub(super) struct Fair<T> {
    known: Line<T>,
    strangers: Line<T>,
    /// Whose turn it was last.
    last: Class,
}

/// Those of a class: a queue for each network.
struct Line<T> {
    places: usize,
    taken: usize,
    /// Networks in the order of their turns.
    turns: VecDeque<IpAddr>,
    waiting: HashMap<IpAddr, VecDeque<T>>,
}

impl<T> Fair<T> {
    pub(super) fn new(places: Places) -> Self {
        Self { known: Line::new(places.known), strangers: Line::new(places.strangers), last: Class::Stranger }
    }

    /// Takes one more. Where every place is taken, the one comes back that gives way.
    pub(super) fn push(&mut self, turn: Turn, it: T) -> Option<T> {
        self.line(turn.class).push(turn.network, it)
    }

    /// The next.
    pub(super) fn pop(&mut self) -> Option<T> {
        let first = match self.last {
            Class::Known => Class::Stranger,
            Class::Stranger => Class::Known,
        };
        for class in [first, self.last] {
            if let Some(it) = self.line(class).pop() {
                self.last = class;
                return Some(it);
            }
        }
        None
    }

    const fn line(&mut self, class: Class) -> &mut Line<T> {
        match class {
            Class::Known => &mut self.known,
            Class::Stranger => &mut self.strangers,
        }
    }
}

impl<T> Line<T> {
    fn new(places: usize) -> Self {
        Self { places, taken: 0, turns: VecDeque::new(), waiting: HashMap::new() }
    }

    fn push(&mut self, network: IpAddr, it: T) -> Option<T> {
        let theirs = self.waiting.entry(network).or_default();
        if theirs.is_empty() {
            self.turns.push_back(network);
        }
        theirs.push_back(it);
        self.taken += 1;
        if self.taken > self.places { self.give_way() } else { None }
    }

    /// The youngest of the network that has most waiting; of several such, of the one that came last.
    fn give_way(&mut self) -> Option<T> {
        let length = |network: &IpAddr| self.waiting.get(network).map_or(0, VecDeque::len);
        let (place, network) = self
            .turns
            .iter()
            .copied()
            .enumerate()
            .max_by_key(|(place, network)| (length(network), *place))?;
        let theirs = self.waiting.get_mut(&network)?;
        let youngest = theirs.pop_back();
        if theirs.is_empty() {
            self.waiting.remove(&network);
            self.turns.remove(place);
        }
        self.taken -= 1;
        youngest
    }

    /// The oldest of the network whose turn it is.
    fn pop(&mut self) -> Option<T> {
        let network = self.turns.pop_front()?;
        let theirs = self.waiting.get_mut(&network)?;
        let oldest = theirs.pop_front();
        if theirs.is_empty() {
            self.waiting.remove(&network);
        } else {
            self.turns.push_back(network);
        }
        self.taken -= 1;
        oldest
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const PLACES: Places = Places { known: 2, strangers: 4 };

    fn turn(class: Class, network: u8) -> Turn {
        Turn { class, network: IpAddr::from([192, 0, 2, network]) }
    }

    /// Networks of strangers, `k` before those of known ones.
    fn order(pushed: &str) -> (Vec<String>, Vec<String>) {
        let mut fair = Fair::new(PLACES);
        let mut gave_way = Vec::new();
        for (number, word) in pushed.split_whitespace().enumerate() {
            let class = if word.starts_with('k') { Class::Known } else { Class::Stranger };
            let network = word.trim_start_matches('k').parse().unwrap();
            gave_way.extend(fair.push(turn(class, network), format!("{word}#{number}")));
        }
        (std::iter::from_fn(|| fair.pop()).collect(), gave_way)
    }

    #[test]
    fn networks_take_turns_and_whoever_has_most_waiting_gives_way() {
        for (pushed, served, gave_way) in [
            ("", "", ""),
            ("1 2 3", "1#0 2#1 3#2", ""),
            ("1 1 1 2", "1#0 2#3 1#1 1#2", ""),
            // The crowd's own youngest makes room for another network.
            ("1 1 1 1 2", "1#0 2#4 1#1 1#2", "1#3"),
            ("1 1 2 2 3", "1#0 2#2 3#4 1#1", "2#3"),
            // Ever new networks: who came last waits no place.
            ("1 2 3 4 5 6", "1#0 2#1 3#2 4#3", "5#4 6#5"),
            // Known networks have places of their own, and every other turn.
            ("1 2 3 4 5 k9", "k9#5 1#0 2#1 3#2 4#3", "5#4"),
            ("1 2 k8 k9", "k8#2 1#0 k9#3 2#1", ""),
            ("k8 k8 k8 k9", "k8#0 k9#3", "k8#2 k8#1"),
        ] {
            let (is_served, gives_way) = order(pushed);
            assert_eq!(
                (is_served.join(" "), gives_way.join(" ")),
                (served.into(), gave_way.into()),
                "{pushed}"
            );
        }
    }

    proptest! {
        #[test]
        fn every_job_is_served_or_gives_way_once(
            steps in prop::collection::vec((any::<bool>(), 0..6_u8, any::<bool>()), 0..200),
        ) {
            let mut fair = Fair::new(PLACES);
            let mut gone = Vec::new();
            for (number, (known, network, served)) in steps.iter().enumerate() {
                let class = if *known { Class::Known } else { Class::Stranger };
                gone.extend(fair.push(turn(class, *network), number));
                if *served {
                    gone.extend(fair.pop());
                }
                prop_assert!(fair.known.taken <= PLACES.known && fair.strangers.taken <= PLACES.strangers);
                prop_assert!(fair.strangers.turns.len() == fair.strangers.waiting.len());
            }
            gone.extend(std::iter::from_fn(|| fair.pop()));
            gone.sort_unstable();
            prop_assert_eq!(gone, (0..steps.len()).collect::<Vec<_>>());
            prop_assert!(fair.strangers.waiting.is_empty() && fair.known.waiting.is_empty());
        }

        #[test]
        fn a_network_waits_for_no_more_than_a_turn_of_each_other(crowd in prop::collection::vec(0..4_u8, 0..9)) {
            let mut fair = Fair::new(Places { known: 1, strangers: 16 });
            for network in &crowd {
                fair.push(turn(Class::Stranger, *network), false);
            }
            fair.push(turn(Class::Stranger, 99), true);
            let before = std::iter::from_fn(|| fair.pop()).position(|ours| ours);
            let networks = crowd.iter().collect::<std::collections::HashSet<_>>().len();
            prop_assert_eq!(before, Some(networks));
        }
    }
}
