//! Helps with the SDK's builders.

use aws_smithy_types::error::operation::BuildError;

use crate::error::{Class, Error, Result};

/// What was built. Only a field that we forgot can fail it.
pub fn built<T>(result: Result<T, BuildError>) -> Result<T> {
    result.map_err(|cause| Error::new(Class::Unexpected, "aws", cause.to_string()))
}

/// The `Quantity` of a list: the number of its items.
pub fn quantity<T>(items: &[T]) -> i32 {
    i32::try_from(items.len()).unwrap_or(i32::MAX)
}

/// The list that a builder makes of items, with their quantity. An empty one has no `Items` element.
macro_rules! list {
    ($builder:expr, $items:expr) => {{
        let items: Vec<_> = $items;
        let builder = $builder.quantity($crate::remote::aws::provider::build::quantity(&items));
        $crate::remote::aws::provider::build::built(builder.set_items((!items.is_empty()).then_some(items)).build())
    }};
}

pub(super) use list;
