//! In which order files are rewritten: a file's hash is final only when its own references are.

use std::collections::{BTreeMap, BTreeSet};

use super::References;

/// Gives up on files that refer to each other in a circle: no order gives all of them a final hash.
/// Removes the references to them, and says which they are.
pub fn break_cycles(references: &mut References) -> BTreeSet<usize> {
    let mut remaining: BTreeSet<_> = references.keys().copied().collect();
    loop {
        let targets: BTreeMap<usize, BTreeSet<usize>> = remaining
            .iter()
            .map(|file| {
                (*file, references[file].iter().map(|it| it.target).filter(|it| remaining.contains(it)).collect())
            })
            .collect();
        let named: BTreeSet<_> = targets.values().flatten().copied().collect();
        // What refers to nothing left, and what nothing left refers to, is on no circle.
        let before = remaining.len();
        remaining.retain(|file| !targets[file].is_empty() && named.contains(file));
        if remaining.len() == before {
            break;
        }
    }
    if !remaining.is_empty() {
        for insertions in references.values_mut() {
            insertions.retain(|insertion| !remaining.contains(&insertion.target));
        }
        references.retain(|_, insertions| !insertions.is_empty());
    }
    remaining
}

/// Rounds of files that can be rewritten together, each after the rounds with the files that they refer to.
/// The references must be free of circles.
pub fn rounds(references: &References) -> Vec<Vec<usize>> {
    let mut waiting: BTreeSet<_> = references.keys().copied().collect();
    let mut rounds = Vec::new();
    while !waiting.is_empty() {
        let is_ready = |file: &&usize| references[*file].iter().all(|insertion| !waiting.contains(&insertion.target));
        let ready: Vec<_> = waiting.iter().filter(is_ready).copied().collect();
        assert!(!ready.is_empty(), "circles were broken before");
        waiting.retain(|file| !ready.contains(file));
        rounds.push(ready);
    }
    rounds
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::site::fingerprint::Insertion;

    fn references(edges: &[(usize, &[usize])]) -> References {
        let insertions =
            |targets: &[usize]| targets.iter().map(|target| Insertion { at: 0, target: *target }).collect();
        edges.iter().map(|(file, targets)| (*file, insertions(targets))).collect()
    }

    #[test]
    fn leaves_come_first() {
        let references = references(&[(1, &[2, 9]), (2, &[3]), (3, &[9]), (4, &[9])]);
        assert_eq!(rounds(&references), [vec![3, 4], vec![2], vec![1]]);
    }

    #[test]
    fn circles_are_given_up_and_the_rest_is_kept() {
        let mut references = references(&[(1, &[2]), (2, &[3]), (3, &[2, 9]), (4, &[4]), (5, &[9])]);
        assert_eq!(break_cycles(&mut references), [2, 3, 4].into());
        assert_eq!(references.keys().copied().collect::<Vec<_>>(), [3, 5]);
        assert_eq!(rounds(&references), [vec![3, 5]]);
    }
}
