//! Twelve invented suppliers.

use crate::domain::plan::Supplier;

const SUPPLIERS: [(&str, f64); 12] = [
    ("Evergreen Grid", 4.6),
    ("Bluebonnet Light", 4.2),
    ("Lone Prairie Power", 3.8),
    ("Gulfwind Energy", 4.4),
    ("Pecan Street Electric", 4.8),
    ("Caprock Utilities", 3.1),
    ("Sunward Co-op", 4.7),
    ("Brazos Current", 3.6),
    ("Hillside Renewables", 4.5),
    ("Mesa Electric", 2.9),
    ("Bayou City Energy", 3.4),
    ("Northfork Power", 4.0),
];

/// All suppliers.
pub fn all() -> Vec<Supplier> {
    let supplier = |(n, &(name, rating)): (usize, &(&str, f64))| Supplier {
        supplier_id: format!("supplier_{:02}", n + 1),
        name: name.to_owned(),
        rating,
    };
    SUPPLIERS.iter().enumerate().map(supplier).collect()
}
