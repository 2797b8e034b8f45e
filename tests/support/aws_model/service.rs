//! A service's model, as botocore writes it.

use std::{collections::BTreeMap, fs::File};

use flate2::read::GzDecoder;
use serde::Deserialize;

use crate::support::servers::python_package;

/// The model of one service.
pub struct Service {
    /// How signatures name it.
    pub signing_name: &'static str,
    model: Model,
}

#[derive(Deserialize)]
struct Model {
    metadata: Metadata,
    operations: BTreeMap<String, Operation>,
    shapes: BTreeMap<String, Shape>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Metadata {
    protocol: Protocol,
    target_prefix: Option<String>,
}

/// How requests are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Protocol {
    /// Path, headers and XML.
    RestXml,
    /// Path, headers and JSON.
    RestJson,
    /// A header that names the operation, and JSON.
    Json,
    /// A form, which names the operation, too.
    Query,
}

#[derive(Deserialize)]
pub struct Operation {
    pub name: String,
    pub http: Http,
    pub input: Option<Member>,
    #[serde(default)]
    pub deprecated: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Http {
    pub method: String,
    pub request_uri: String,
}

/// A type. Which fields mean something depends on `kind`.
#[derive(Deserialize)]
pub struct Shape {
    #[serde(rename = "type")]
    pub kind: Kind,
    #[serde(default)]
    pub members: BTreeMap<String, Member>,
    #[serde(default)]
    pub required: Vec<String>,
    /// The member that is the whole body.
    pub payload: Option<String>,
    #[serde(default)]
    pub union: bool,
    /// Of a list: what it is made of.
    pub member: Option<Member>,
    /// Of a map: what it leads to.
    pub value: Option<Member>,
    /// Of a list: repeated in place, without an element around it.
    #[serde(default)]
    pub flattened: bool,
    #[serde(default, rename = "enum")]
    pub values: Vec<String>,
    pub min: Option<f64>,
    pub max: Option<f64>,
    pub pattern: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    Structure,
    List,
    Map,
    String,
    Boolean,
    Integer,
    Long,
    Float,
    Double,
    Timestamp,
    Blob,
}

/// A use of a shape.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Member {
    pub shape: String,
    pub location: Option<Location>,
    pub location_name: Option<String>,
    pub xml_namespace: Option<Namespace>,
    #[serde(default)]
    pub xml_attribute: bool,
    #[serde(default)]
    pub flattened: bool,
}

/// Where in a request a member is, if not in the body.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Location {
    Uri,
    QueryString,
    Header,
    /// All headers with a prefix.
    Headers,
    /// Of responses only.
    #[serde(alias = "statusCode")]
    StatusCode,
}

#[derive(Deserialize)]
pub struct Namespace {
    pub uri: String,
}

impl Service {
    pub fn read(signing_name: &'static str, version: &str) -> Self {
        let path = python_package("moto", &format!("botocore/data/{signing_name}/{version}/service-2.json.gz"));
        let model = serde_json::from_reader(GzDecoder::new(File::open(path).unwrap())).unwrap();
        Self { signing_name, model }
    }

    pub fn operations(&self) -> impl Iterator<Item = &Operation> {
        self.model.operations.values()
    }

    pub fn shape(&self, name: &str) -> &Shape {
        &self.model.shapes[name]
    }

    pub fn protocol(&self) -> Protocol {
        self.model.metadata.protocol
    }

    /// What `X-Amz-Target` begins with where a header names the operation.
    pub fn target_prefix(&self) -> Option<&str> {
        self.model.metadata.target_prefix.as_deref()
    }
}
