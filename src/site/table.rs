//! The sizes of a site's files, for people and for machines.

use serde::Serialize;

use crate::model::{
    asset::{Asset, Site},
    encoding::Encoding,
    manifest::Role,
};

/// How many rows people get to see unless they ask for all.
const ROWS: usize = 40;

/// A file's row. Sizes are what viewers receive, in bytes; none for encodings that are not prepared.
#[derive(Debug, Clone, Serialize, PartialEq, Eq)]
pub struct Row {
    /// Where viewers find it.
    pub path: String,
    /// `Content-Type`.
    pub content_type: String,
    /// `Cache-Control`.
    pub cache_control: String,
    /// What it is to a release.
    pub role: Role,
    /// Uncompressed.
    pub raw: u64,
    /// With gzip.
    pub gzip: Option<u64>,
    /// With Brotli.
    pub br: Option<u64>,
}

/// Sums over all files; a file without a variant counts with what is sent instead of one.
#[derive(Debug, Clone, Default, Serialize, PartialEq, Eq)]
pub struct Totals {
    /// Number of files.
    pub files: usize,
    /// Bytes without any encoding.
    pub raw: u64,
    /// Bytes for viewers that accept gzip only.
    pub gzip: u64,
    /// Bytes for viewers that accept Brotli.
    pub br: u64,
}

/// All rows and their sums.
#[derive(Debug, Clone, Serialize, PartialEq, Eq)]
pub struct Table {
    /// Pages first, then by size, largest first.
    #[serde(rename = "files")]
    pub rows: Vec<Row>,
    /// The sums.
    pub totals: Totals,
}

impl Table {
    /// The table of `site`.
    #[must_use]
    pub fn of(site: &Site) -> Self {
        let mut rows: Vec<_> = site.assets.iter().map(Row::of).collect();
        rows.sort_by(|a, b| {
            let key = |row: &Row| (row.role != Role::Page, std::cmp::Reverse(row.raw));
            key(a).cmp(&key(b)).then_with(|| a.path.cmp(&b.path))
        });
        let mut totals = Totals { files: rows.len(), ..Totals::default() };
        for row in &rows {
            totals.raw += row.raw;
            totals.gzip += row.gzip.unwrap_or(row.raw);
            totals.br += row.br.unwrap_or(row.raw);
        }
        Self { rows, totals }
    }

    /// The table as text: the first rows, or `all` of them.
    #[must_use]
    pub fn text(&self, all: bool) -> String {
        let shown = if all || self.rows.len() <= ROWS { &self.rows[..] } else { &self.rows[..ROWS] };
        let mut lines = vec![["file".to_owned(), "raw".into(), "gzip".into(), "br".into()]];
        let size = |bytes: Option<u64>| bytes.map_or_else(|| "–".into(), kilobytes);
        lines.extend(shown.iter().map(|row| [row.path.clone(), kilobytes(row.raw), size(row.gzip), size(row.br)]));
        let rest = self.rows.len() - shown.len();
        if rest > 0 {
            lines.push([format!("… and {rest} more (-v shows all)"), String::new(), String::new(), String::new()]);
        }
        let Totals { files, raw, gzip, br } = self.totals;
        let noun = if files == 1 { "file" } else { "files" };
        lines.push([format!("{files} {noun}"), kilobytes(raw), kilobytes(gzip), kilobytes(br)]);
        align(&lines)
    }
}

impl Row {
    fn of(asset: &Asset) -> Self {
        let size = |wanted| {
            let variant = asset.variants.iter().find(|(encoding, _)| *encoding == wanted);
            variant.map(|(_, representation)| representation.source.size)
        };
        Self {
            path: asset.path.to_string(),
            content_type: asset.identity.headers.content_type.clone(),
            cache_control: asset.identity.headers.cache_control.clone(),
            role: asset.role,
            raw: asset.identity.source.size,
            gzip: size(Encoding::Gzip),
            br: size(Encoding::Br),
        }
    }
}

/// The first column to the left, numbers to the right.
fn align(lines: &[[String; 4]]) -> String {
    let width = |column: usize| lines.iter().map(|line| line[column].chars().count()).max().unwrap_or(0);
    let widths = [0, 1, 2, 3].map(width);
    let [names, raws, gzips, brs] = widths;
    let line = |[name, raw, gzip, br]: &[String; 4]| {
        format!("{name:<names$}  {raw:>raws$}  {gzip:>gzips$}  {br:>brs$}").trim_end().to_owned() + "\n"
    };
    lines.iter().map(line).collect()
}

/// Thousands of bytes with one decimal, as bundlers print them.
fn kilobytes(bytes: u64) -> String {
    let tenths = (bytes + 50) / 100;
    format!("{}.{} kB", tenths / 10, tenths % 10)
}
