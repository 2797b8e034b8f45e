//! Where bytes can be taken from.

use std::{
    collections::{BTreeSet, HashMap},
    path::Path,
};

use super::actual::Slots;
use crate::model::{asset::Site, digest::Digest, ledger::Inventory, path::ViewerPath};

/// The files of each path's representations.
pub fn of_site(site: &Site) -> HashMap<(&ViewerPath, Digest), &Path> {
    let mut files = HashMap::new();
    for asset in &site.assets {
        for representation in std::iter::once(&asset.identity).chain(asset.variants.iter().map(|(_, it)| it)) {
            files.insert((&asset.path, representation.source.sha256), representation.source.file.as_path());
        }
    }
    files
}

/// Digests of the bytes of which there is a copy: those that the inventory lists, and those that a deploy which did
/// not finish copied aside before it overwrote them.
pub fn kept(inventory: &Inventory, slots: &Slots) -> BTreeSet<Digest> {
    let uncertain = slots.values().filter(|slot| slot.drift.is_none() && slot.certain_bytes().is_none());
    inventory.copies().chain(uncertain.filter_map(|slot| Some(slot.base?.sha256))).collect()
}
