//! What resources are called.

use crate::model::digest::Digest;

/// Longest part of a bucket's name within another: function names end at 64 characters
/// (CloudFront API Reference, `CreateFunction`), and are the shortest of all.
const LONGEST: usize = 32;

/// Names of a site's resources. They are unique in an account because the bucket's is, and the same each time: whatever
/// was left unfinished is found again by them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Names(String);

impl Names {
    /// Names for the site in `bucket`.
    #[must_use]
    pub fn of(bucket: &str) -> Self {
        // A bucket's name may have dots, and be as long as a function's.
        let plain: String = bucket.chars().map(|c| if c == '.' { '-' } else { c }).take(LONGEST).collect();
        let digest = Digest::of(bucket.as_bytes()).short();
        Self(format!("treebeard-{}-{}", plain.trim_end_matches('-'), &digest[..8]))
    }

    /// The origin access control.
    #[must_use]
    pub fn access_control(&self) -> String {
        self.0.clone()
    }

    /// The response headers policy of pages and files.
    #[must_use]
    pub fn site_headers(&self) -> String {
        format!("{}-site", self.0)
    }

    /// The response headers policy of the API.
    #[must_use]
    pub fn api_headers(&self) -> String {
        format!("{}-api", self.0)
    }

    /// The cache policy.
    #[must_use]
    pub fn cache(&self) -> String {
        format!("{}-site", self.0)
    }

    /// The viewer-request function.
    #[must_use]
    pub fn function(&self) -> String {
        format!("{}-edge", self.0)
    }

    /// The Lambda function that runs the API, and the role that it acts as.
    #[must_use]
    pub fn lambda(&self) -> String {
        format!("{}-api", self.0)
    }

    /// Where that function's logs are kept.
    #[must_use]
    pub fn log_group(&self) -> String {
        format!("/aws/lambda/{}", self.lambda())
    }
}

#[cfg(test)]
mod tests {
    use super::Names;

    #[test]
    fn names_are_short_enough_plain_and_of_one_bucket_only() {
        let long = "a".repeat(62);
        let (a, b) = (Names::of(&(long.clone() + "x")), Names::of(&(long + "y")));
        assert_ne!(a, b);
        for names in [a, b, Names::of("a.b-c.example")] {
            let function = names.function();
            assert!(function.len() <= 64, "{function}");
            // Names of roles and Lambda functions end at 64 characters, too.
            assert!(names.lambda().len() <= 64);
            assert!(function.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-'), "{function}");
        }
        assert_ne!(Names::of("a.b"), Names::of("a-b"));
    }
}
