//! Everything that a bucket holds is removed: objects, superseded versions, delete markers.

use aws_sdk_s3::types::{Delete, ObjectIdentifier};

use super::{
    super::{
        build::built,
        failure::{Failure, if_any},
    },
    AwsProvider,
};
use crate::error::{Class, Error, Result};

impl AwsProvider {
    /// At most `most` of the versions and delete markers that there are.
    pub(in super::super) async fn versions(&self, name: &str, most: i32) -> Result<Vec<ObjectIdentifier>> {
        let request = self.about_bucket("list", "s3:ListBucketVersions", name);
        let page = self.s3.list_object_versions().bucket(name).max_keys(most).send().await;
        let page = if_any(page.map_err(|failure| Failure::of(&request, &failure)))?;
        let Some(page) = page else { return Ok(Vec::new()) };
        let versions = page.versions.unwrap_or_default().into_iter().map(|it| (it.key, it.version_id));
        let markers = page.delete_markers.unwrap_or_default().into_iter().map(|it| (it.key, it.version_id));
        versions
            .chain(markers)
            .map(|(key, version)| built(ObjectIdentifier::builder().set_key(key).set_version_id(version).build()))
            .collect()
    }

    /// Removes as much as one request may remove (S3 API Reference, `DeleteObjects`), and says how much that was.
    /// Always the first page: what was on it is gone afterwards.
    pub(in super::super) async fn empty_page(&self, name: &str) -> Result<u64> {
        let doomed = self.versions(name, 1_000).await?;
        let count = doomed.len() as u64;
        if count > 0 {
            self.delete_versions(name, doomed).await?;
        }
        Ok(count)
    }

    async fn delete_versions(&self, name: &str, doomed: Vec<ObjectIdentifier>) -> Result<()> {
        let request = self.about_bucket("empty", "s3:DeleteObjectVersion", name);
        let doomed = built(Delete::builder().set_objects(Some(doomed)).quiet(true).build())?;
        let done = self.s3.delete_objects().bucket(name).delete(doomed).send().await;
        let done = done.map_err(|failure| request.failed(&failure))?;
        let Some(refused) = done.errors.unwrap_or_default().into_iter().next() else { return Ok(()) };
        let part = |part: Option<String>| part.unwrap_or_default();
        let (key, code, words) = (part(refused.key), part(refused.code), part(refused.message));
        Err(Error::new(Class::Remote, "aws", format!("failed to delete {key} in bucket {name}: {code}: {words}"))
            .help("allow s3:DeleteObject and s3:DeleteObjectVersion on the bucket's objects; a lock or a hold on an object must end first"))
    }
}
