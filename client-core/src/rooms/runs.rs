//! Places without a hole between them, as intervals. Two that touch are one.

use roomcast_protocol::collections::BTreeMap;

/// A run of places, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Run {
    pub(crate) first: u64,
    pub(crate) last: u64,
}

/// Runs that do not touch each other.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Runs(BTreeMap<u64, u64>);

impl Runs {
    /// The run that a place is in.
    pub(crate) fn around(&self, place: u64) -> Option<Run> {
        let (first, last) = self.0.range(..=place).next_back()?;
        (*last >= place).then_some(Run { first: *first, last: *last })
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = Run> {
        self.0.iter().map(|(first, last)| Run { first: *first, last: *last })
    }

    /// Adds places, and joins what they touch.
    pub(crate) fn add(&mut self, first: u64, last: u64) {
        if last < first {
            return;
        }
        let (mut first, mut last) = (first, last);
        if let Some(before) = first.checked_sub(1).and_then(|place| self.around(place)) {
            first = before.first;
            last = last.max(before.last);
        }
        let reached = last.saturating_add(1);
        while let Some((next, end)) = self.0.range(first..=reached).next_back().map(|(next, end)| (*next, *end)) {
            self.0.remove(&next);
            last = last.max(end);
        }
        self.0.insert(first, last);
    }

    /// Takes places out.
    pub(crate) fn remove(&mut self, first: u64, last: u64) {
        if last < first {
            return;
        }
        let touched: Vec<Run> = self.around(first).into_iter().chain(self.starting(first, last)).collect();
        for run in touched {
            self.0.remove(&run.first);
            if run.first < first {
                self.0.insert(run.first, first - 1);
            }
            if run.last > last {
                self.0.insert(last + 1, run.last);
            }
        }
    }

    fn starting(&self, after: u64, last: u64) -> impl Iterator<Item = Run> {
        let inside = after.checked_add(1).filter(|low| *low <= last).map(|low| self.0.range(low..=last));
        inside.into_iter().flatten().map(|(first, last)| Run { first: *first, last: *last })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn they_are_what_a_set_of_places_says(
            steps in prop::collection::vec((prop::bool::ANY, 1u64..40, 0u64..12), 0..40)
        ) {
            let (mut runs, mut places) = (Runs::default(), BTreeSet::new());
            for (adds, first, len) in steps {
                let last = first + len - 1;
                for place in first..=last {
                    if adds { places.insert(place); } else { places.remove(&place); }
                }
                if adds { runs.add(first, last) } else { runs.remove(first, last) }
            }
            let listed: Vec<u64> = runs.iter().flat_map(|run| run.first..=run.last).collect();
            prop_assert_eq!(&listed, &places.iter().copied().collect::<Vec<_>>());
            for (one, next) in runs.iter().zip(runs.iter().skip(1)) {
                prop_assert!(one.last + 1 < next.first, "{:?} touches {:?}", one, next);
            }
            for place in 0..60 {
                let run = runs.around(place);
                prop_assert_eq!(run.is_some(), places.contains(&place));
                prop_assert!(run.is_none_or(|run| (run.first..=run.last).contains(&place)));
            }
        }
    }

    #[test]
    fn the_last_place_of_all_is_one() {
        let mut runs = Runs::default();
        runs.add(10, u64::MAX);
        runs.add(5, 9);
        assert_eq!(runs.around(u64::MAX), Some(Run { first: 5, last: u64::MAX }));
        runs.remove(7, u64::MAX);
        assert_eq!(runs.iter().collect::<Vec<_>>(), [Run { first: 5, last: 6 }]);
    }
}
