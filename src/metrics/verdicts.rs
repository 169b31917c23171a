//! The verdicts about one app: how many, why, and by which way in.

use super::{
    counter::{Counter, Striped},
    reason::Reason,
};
use crate::authn::principal::Way;

/// The counts, zero at first.
#[derive(Debug, Default)]
pub struct Verdicts(Striped<Table>);

type ByWay = [Counter; Way::ALL.len()];

#[derive(Debug, Default)]
struct Table {
    allowed: ByWay,
    refused: [ByWay; Reason::ALL.len()],
}

impl Verdicts {
    /// Counts a request that passes.
    pub fn allow(&self, way: Way) {
        self.0.own().allowed[way as usize].count();
    }

    /// Counts one that is turned away.
    pub fn refuse(&self, reason: Reason, way: Way) {
        self.0.own().refused[reason as usize][way as usize].count();
    }

    /// Every kind of verdict that there was: the reason where it was a refusal, the way in, and how many.
    pub fn counted(&self) -> Vec<(Option<Reason>, Way, u64)> {
        let reasons = std::iter::once(None).chain(Reason::ALL.map(Some));
        let kinds = reasons.flat_map(|reason| Way::ALL.map(|way| (reason, way)));
        let counts = kinds.map(|(reason, way)| (reason, way, self.count(reason, way)));
        counts.filter(|(.., count)| *count > 0).collect()
    }

    fn count(&self, reason: Option<Reason>, way: Way) -> u64 {
        self.0.sum(|table| {
            let by_way = reason.map_or(&table.allowed, |reason| &table.refused[reason as usize]);
            by_way[way as usize].get()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_verdict_has_a_count_of_its_own() {
        let verdicts = Verdicts::default();
        assert_eq!(verdicts.counted(), []);
        for (place, way) in Way::ALL.into_iter().enumerate() {
            assert_eq!(way as usize, place);
            verdicts.allow(way);
            for (place, reason) in Reason::ALL.into_iter().enumerate() {
                assert_eq!(reason as usize, place);
                verdicts.refuse(reason, way);
            }
        }
        let counted = verdicts.counted();
        assert_eq!(counted.len(), Way::ALL.len() * (Reason::ALL.len() + 1));
        assert!(counted.iter().all(|(.., count)| *count == 1));
    }
}
