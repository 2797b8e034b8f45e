//! Where the two are known to differ, whose fault that is, and what AWS documents.

use super::requests::Request;

/// A difference between the local edge's answers and ministack's.
#[derive(Debug)]
pub struct Difference {
    /// Every request of these groups,
    pub groups: &'static [&'static str],
    /// in each of these parts,
    pub parts: &'static [&'static str],
    /// has this at the local edge: `-` is nothing, `…` at the end anything that goes on,
    pub ours: &'static str,
    /// and this at ministack,
    pub theirs: &'static str,
    /// because `emulator: …` or `ours: …`, and what AWS documents.
    pub reason: &'static str,
}

impl Difference {
    pub fn is_of(&self, request: &Request, part: &str) -> bool {
        self.groups.contains(&request.group) && self.parts.contains(&part)
    }

    pub fn is(&self, ours: Option<&String>, theirs: Option<&String>) -> bool {
        matches(self.ours, ours) && matches(self.theirs, theirs)
    }
}

fn matches(pattern: &str, found: Option<&String>) -> bool {
    match (pattern, found) {
        ("-", found) => found.is_none(),
        (_, None) => false,
        (pattern, Some(found)) => match pattern.strip_suffix('…') {
            Some(start) => found.starts_with(start),
            None => found == pattern,
        },
    }
}

/// What the response headers policy of the default behavior adds.
const POLICY: &[&str] = &[
    "content-security-policy",
    "referrer-policy",
    "strict-transport-security",
    "vary",
    "x-content-type-options",
    "x-frame-options",
    "x-xss-protection",
];

/// What that of the API adds.
const POLICY_OF_API: &[&str] = &[
    "cache-control",
    "content-security-policy",
    "expires",
    "pragma",
    "referrer-policy",
    "strict-transport-security",
    "x-content-type-options",
    "x-frame-options",
    "x-xss-protection",
];

/// What an object of the bucket has and an error has not.
const OF_AN_OBJECT: &[&str] = &["accept-ranges", "cache-control", "etag", "last-modified"];

/// What both add.
const POLICY_OF_BOTH: &[&str] = &[
    "content-security-policy",
    "referrer-policy",
    "strict-transport-security",
    "x-content-type-options",
    "x-frame-options",
    "x-xss-protection",
];

/// How the API says that it has no such route.
const NOT_FOUND: &str = "{\"error\":{\"code\":\"not_found\"}}";

const BY_FUNCTION: &[&str] =
    &["dots", "folder", "folder head", "folder with query", "head of hidden", "hidden", "malformed"];

const ECHOED: &[&str] = &["api", "api browser", "api cookie", "api empty post", "api encodings", "api question mark"];

const fn row(
    groups: &'static [&'static str],
    parts: &'static [&'static str],
    [ours, theirs]: [&'static str; 2],
    reason: &'static str,
) -> Difference {
    Difference { groups, parts, ours, theirs, reason }
}

const PLAIN_TEXT: &str = "ours: errors are told in plain text, where S3 (Error responses) has XML";
const NO_PAGE: &str =
    "ours: refusals are told in plain text, where CloudFront (Create a custom error page) has an HTML page";
const MAY_LIST: &str = "emulator: takes no notice of s3:ListBucket, which the bucket's policy grants: S3 (GetObject) \
                        answers 404 for a missing key to those who have it, and 403 to others";
const BEYOND_ORIGIN: &str = "ours: the policy's headers are on every response. CloudFront (Add or remove HTTP headers in \
                             CloudFront responses) documents them for those from the cache or the origin, and says \
                             nothing of those that a function or CloudFront itself makes: not verified on AWS";
const NO_SERVER: &str = "ours: the edge does not name itself in Server; CloudFront does where it makes the response";
const ERROR: &str = "emulator: CloudFront (Standard logging, x-edge-result-type) calls responses of 400 and above Error, \
                     whoever made them";
const NORMAL_FORM: &str = "emulator: CloudFront (Cache behavior settings, Path pattern) brings a path into normal form \
                           (RFC 3986, 6.2.2) before it chooses the behavior";
const SLASHES: &str = "emulator: strips leading slashes of a key, where S3 (Naming objects) takes a key as it is";
const NO_CORS: &str = "emulator: answers OPTIONS as GET, where S3 (OPTIONS object) refuses it with 403 for a bucket \
                       without a CORS configuration";
const WITH_BODY: &str =
    "emulator: CloudFront (Request and response behavior, GET requests that include a body) answers 403";
const IF_RANGE: &str = "emulator: does not evaluate If-Range (RFC 9110, 13.1.5)";
const NO_RANGE: &str = "emulator: refuses what is no range of bytes, where RFC 9110 (14.2), to which S3 (GetObject) \
                        refers, has it ignored";
const SEVERAL_RANGES: &str = "emulator: sends the first range only; S3 (GetObject) does not support several ranges, \
                              and RFC 9110 (14.2) has what is not supported ignored";
const VIA_CLOUDFRONT: &str = "ours: CloudFront (Request and response behavior) adds Via and X-Amz-Cf-Id to what it \
                              forwards; the edge is a proxy on the same machine and says so in X-Forwarded-Host and -Proto";
const AGENT: &str = "emulator: fills in what the viewer did not send; CloudFront (HTTP request headers) documents a \
                     User-Agent of its own for behaviors only that do not forward the viewer's";
const HOST: &str = "ours: names the port of an origin that has one of its own (RFC 9110, 7.2); CloudFront (Request and \
                    response behavior, Host) sends the origin's domain name";
const BY_HTTP: &str = "ours: says http, which it speaks; the test tells ministack that the viewer came by https";

const EMPTY: &str =
    "emulator: gives the length of what it sends, where RFC 9110 (8.6) has that of GET's response or none";

/// All of them. No part of a request is in two rows.
pub const KNOWN: &[Difference] = &[
    // The bucket.
    row(&["missing", "head of missing"], &["status"], ["404", "403"], MAY_LIST),
    row(&["missing"], &["body"], ["404 Not Found\n", "<?xml…"], PLAIN_TEXT),
    row(
        &["missing", "head of missing", "range refused", "no match"],
        &["content-type"],
        ["text/plain; charset=utf-8", "application/xml"],
        PLAIN_TEXT,
    ),
    row(&["head of missing"], &["content-length"], ["14", "…"], PLAIN_TEXT),
    row(&["range refused"], &["body"], ["416 Range Not Satisfiable\n", "<?xml…"], PLAIN_TEXT),
    row(&["no match"], &["body"], ["412 Precondition Failed\n", "<?xml…"], PLAIN_TEXT),
    row(&["slashes"], &["status"], ["404", "200"], SLASHES),
    row(&["slashes"], &["body"], ["404 Not Found\n", "a space"], SLASHES),
    row(&["slashes"], OF_AN_OBJECT, ["-", "…"], SLASHES),
    row(&["options"], &["status"], ["403", "200"], NO_CORS),
    row(&["options"], &["body"], ["403 Forbidden\n", "…"], NO_CORS),
    row(&["options"], &["content-type"], ["text/plain; charset=utf-8", "…"], NO_CORS),
    row(&["options"], OF_AN_OBJECT, ["-", "…"], NO_CORS),
    row(&["body"], &["status"], ["403", "200"], WITH_BODY),
    row(&["body"], &["body"], ["403 Forbidden\n", "<!doctype html>…"], WITH_BODY),
    row(&["body"], &["content-type"], ["text/plain; charset=utf-8", "text/html; charset=utf-8"], WITH_BODY),
    row(&["body"], OF_AN_OBJECT, ["-", "…"], WITH_BODY),
    row(&["range changed"], &["status"], ["200", "206"], IF_RANGE),
    row(&["range changed"], &["body"], ["image", "im"], IF_RANGE),
    row(&["range changed"], &["content-range"], ["-", "bytes 0-1/5"], IF_RANGE),
    row(&["range ignored"], &["status"], ["200", "416"], NO_RANGE),
    row(&["range ignored"], &["body"], ["image", "<?xml…"], NO_RANGE),
    row(&["range ignored"], &["content-type"], ["image/png", "application/xml"], NO_RANGE),
    row(&["range ignored"], &["content-range"], ["-", "bytes */5"], NO_RANGE),
    row(&["range ignored"], OF_AN_OBJECT, ["…", "-"], NO_RANGE),
    row(&["ranges"], &["status"], ["200", "206"], SEVERAL_RANGES),
    row(&["ranges"], &["body"], ["image", "i"], SEVERAL_RANGES),
    row(&["ranges"], &["content-range"], ["-", "bytes 0-0/5"], SEVERAL_RANGES),
    // The function, and what CloudFront itself refuses.
    row(BY_FUNCTION, POLICY, ["…", "-"], BEYOND_ORIGIN),
    row(BY_FUNCTION, &["server"], ["-", "CloudFront"], NO_SERVER),
    row(
        &["folder with query"],
        &["location"],
        ["/docs/?q=a%20b%26c", "/docs/?q=a b&c"],
        "emulator: decodes query parameters, where CloudFront (Functions event structure) gives a function what the \
         viewer sent",
    ),
    row(&["other method"], &["body"], ["403 Forbidden\n", "<!DOCTYPE HTML…"], NO_PAGE),
    row(&["other method"], &["content-type"], ["text/plain; charset=utf-8", "text/html"], NO_PAGE),
    row(&["other method"], POLICY, ["…", "-"], BEYOND_ORIGIN),
    row(&["other method", "api other method", "api reset"], &["server"], ["-", "CloudFront"], NO_SERVER),
    // Errors, whoever made them.
    row(
        &[
            "missing",
            "head of missing",
            "slashes",
            "options",
            "body",
            "range refused",
            "no match",
            "api error",
            "api missing",
            "api missing head",
            "api teapot",
            "api slashes",
            "api body",
            "error page",
            "head of error page",
        ],
        &["x-cache"],
        ["Error from cloudfront", "Miss from cloudfront"],
        ERROR,
    ),
    // What reaches the API.
    row(ECHOED, &["api saw host"], ["127.0.0.1:…", "127.0.0.1"], HOST),
    row(ECHOED, &["api saw via", "api saw x-amz-cf-id"], ["-", "…"], VIA_CLOUDFRONT),
    row(ECHOED, &["api saw x-forwarded-host"], ["localhost:…", "-"], VIA_CLOUDFRONT),
    row(ECHOED, &["api saw x-forwarded-proto"], ["http", "https"], BY_HTTP),
    row(
        &["api", "api browser", "api cookie", "api empty post", "api question mark"],
        &["api saw accept-encoding"],
        ["-", "identity"],
        AGENT,
    ),
    row(
        &["api", "api cookie", "api empty post", "api encodings", "api question mark"],
        &["api saw user-agent"],
        ["-", "Amazon CloudFront"],
        AGENT,
    ),
    row(
        &["api cookie"],
        &["api saw cookie"],
        ["a=b=c; d=\"e f\"; g", "a=b=c; d=\"e f\""],
        "emulator: loses a cookie without a value, where CloudFront (Caching content based on cookies) forwards all",
    ),
    row(
        &["api question mark"],
        &["api saw url"],
        ["\"/api/echo?\"", "\"/api/echo\""],
        "emulator: loses the question mark of an empty query; CloudFront does not document that it would",
    ),
    row(
        &["api empty post"],
        &["api saw content-length"],
        ["-", "0"],
        "emulator: states the length of a body that the viewer did not send; CloudFront does not document that it would",
    ),
    // What the API answers.
    row(&["api head", "api missing head", "head of unchanged"], &["content-length"], ["-", "0"], EMPTY),
    row(
        &["api cached"],
        &["cache-status"],
        ["api; hit; detail=\"HIT-L1\"", "-"],
        "ours: X-Cache is CloudFront's, so what the API says in it moves to Cache-Status (RFC 9211)",
    ),
    row(
        &["api teapot"],
        &["x-private"],
        ["-", "one hop only"],
        "emulator: passes on what Connection names, which RFC 9110 (7.6.1) forbids",
    ),
    row(&["api reset"], &["body"], ["{\"error\":{\"code\":\"api_unreachable\"…", "<!DOCTYPE HTML…"], NO_PAGE),
    row(&["api reset"], &["content-type"], ["application/json", "text/html"], NO_PAGE),
    row(&["api reset"], &["x-request-id"], ["there", "-"], NO_PAGE),
    row(&["api other method"], &["body"], ["403 Forbidden\n", "<!DOCTYPE HTML…"], NO_PAGE),
    row(&["api other method"], &["content-type"], ["text/plain; charset=utf-8", "text/html"], NO_PAGE),
    row(&["api reset", "api other method"], POLICY_OF_API, ["…", "-"], BEYOND_ORIGIN),
    row(&["api body"], &["status"], ["403", "200"], WITH_BODY),
    row(&["api body"], &["body"], ["403 Forbidden\n", "-"], WITH_BODY),
    row(&["api body"], &["content-type"], ["text/plain; charset=utf-8", "application/json"], WITH_BODY),
    row(
        &["api body"],
        &[
            "api saw accept-encoding",
            "api saw content-length",
            "api saw host",
            "api saw method",
            "api saw sha256",
            "api saw size",
            "api saw url",
            "api saw user-agent",
            "api saw via",
            "api saw x-amz-cf-id",
            "api saw x-forwarded-for",
            "api saw x-forwarded-proto",
        ],
        ["-", "…"],
        WITH_BODY,
    ),
    // Which behavior it is.
    row(&["api slashes"], &["status"], ["404", "200"], NORMAL_FORM),
    row(&["api slashes"], &["body"], [NOT_FOUND, "<!doctype html>…"], NORMAL_FORM),
    row(&["api slashes"], &["content-type"], ["application/json", "text/html; charset=utf-8"], NORMAL_FORM),
    row(&["api slashes"], &["accept-ranges", "etag", "last-modified", "vary"], ["-", "…"], NORMAL_FORM),
    row(&["api dots"], &["body"], [NOT_FOUND, "404 Not Found\n"], NORMAL_FORM),
    row(&["api dots"], &["content-type"], ["application/json", "text/plain; charset=utf-8"], NORMAL_FORM),
    row(&["api dots"], &["server"], ["-", "CloudFront"], NORMAL_FORM),
    row(
        &["api dots"],
        &["x-cache"],
        ["Error from cloudfront", "FunctionGeneratedResponse from cloudfront"],
        NORMAL_FORM,
    ),
    row(&["api dots"], POLICY_OF_BOTH, ["…", "-"], NORMAL_FORM),
    row(&["api slashes", "api dots"], &["cache-control"], ["no-cache, no-store, must-revalidate", "…"], NORMAL_FORM),
    row(&["api slashes", "api dots"], &["expires", "pragma"], ["…", "-"], NORMAL_FORM),
];
