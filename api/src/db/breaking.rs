//! Which migrations break the version of the service that runs while they are applied.
//!
//! A release migrates first and replaces the service afterwards, and may be taken back later. So a migration may add,
//! and what only the earlier version needs is removed by a later release: expand, then contract. Whatever is not known
//! to be harmless counts as breaking.

use std::collections::HashSet;

use serde::Serialize;
use sqlparser::ast::{
    AlterColumnOperation, AlterTableOperation, AlterTypeOperation, ColumnDef, ColumnOption, ObjectName, Statement,
};
use sqlparser::dialect::PostgreSqlDialect;
use sqlparser::parser::Parser;
use sqlparser::tokenizer::Token;

/// The longest statement that is quoted in full, in characters.
const QUOTED: usize = 160;

/// A statement that breaks the running version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Breaking {
    /// The migration, for example `0002 accounts`.
    pub migration: String,
    /// The statement, or the part of it that breaks.
    pub statement: String,
    /// What it does to the running version.
    pub why: &'static str,
}

/// What breaks in migrations, each with its name and its SQL, in the order in which they are applied.
#[must_use]
pub fn breaking<'a>(migrations: impl IntoIterator<Item = (String, &'a str)>) -> Vec<Breaking> {
    let (mut found, mut new) = (Vec::new(), HashSet::new());
    for (migration, sql) in migrations {
        found.extend(examine(sql, &mut new).into_iter().map(|(statement, why)| Breaking {
            migration: migration.clone(),
            statement: quoted(&statement),
            why,
        }));
    }
    found
}

type Finding = (String, &'static str);

/// The statements of one migration that break. `new` has the tables that these migrations made, which no running
/// version knows.
fn examine(sql: &str, new: &mut HashSet<String>) -> Vec<Finding> {
    let dialect = PostgreSqlDialect {};
    let unreadable = || vec![(sql.trim().to_owned(), "it cannot be read, so nobody knows")];
    let Ok(mut parser) = Parser::new(&dialect).try_with_sql(sql) else { return unreadable() };
    let mut found = Vec::new();
    loop {
        while parser.consume_token(&Token::SemiColon) {}
        if parser.peek_token_ref().token == Token::EOF {
            return found;
        }
        let start = parser.peek_token_ref().span.start;
        let Ok(statement) = parser.parse_statement() else {
            let rest: Vec<&str> =
                sql.lines().skip(usize::try_from(start.line).unwrap_or(1).saturating_sub(1)).collect();
            found.push((rest.join("\n"), "it cannot be read, so nobody knows"));
            return found;
        };
        found.extend(judge(&statement, new));
    }
}

fn judge(statement: &Statement, new: &mut HashSet<String>) -> Vec<Finding> {
    let whole = |why| vec![(statement.to_string(), why)];
    match statement {
        Statement::CreateTable(table) if !table.or_replace => {
            new.insert(name(&table.name));
            Vec::new()
        }
        Statement::CreateIndex(index) if index.unique && !new.contains(&name(&index.table_name)) => {
            whole("the running version may write what it forbids")
        }
        Statement::CreateView(view) if !view.or_replace => Vec::new(),
        Statement::CreateFunction(function) if !function.or_replace => Vec::new(),
        Statement::CreateIndex(_)
        | Statement::CreateType { .. }
        | Statement::CreateSequence { .. }
        | Statement::CreateSchema { .. }
        | Statement::CreateExtension(_)
        | Statement::Analyze(_)
        | Statement::Vacuum(_)
        | Statement::Comment { .. }
        | Statement::Grant { .. }
        | Statement::Set(_)
        | Statement::Query(_)
        | Statement::Insert(_)
        | Statement::Update(_) => Vec::new(),
        Statement::AlterTable(table) if new.contains(&name(&table.name)) => Vec::new(),
        Statement::AlterTable(table) => {
            let broken = table.operations.iter().filter_map(|operation| Some((operation, alteration(operation)?)));
            broken.map(|(operation, why)| (format!("ALTER TABLE {} {operation}", table.name), why)).collect()
        }
        Statement::AlterType(alter) => match alter.operation {
            AlterTypeOperation::AddValue(_) => Vec::new(),
            _ => whole("the running version uses the earlier name"),
        },
        Statement::Drop { names, .. } if names.iter().all(|dropped| new.contains(&name(dropped))) => Vec::new(),
        Statement::Drop { .. } | Statement::DropFunction(_) | Statement::DropExtension(_) => {
            whole("the running version may use what it drops")
        }
        Statement::Truncate(_) | Statement::Delete(_) => whole("the running version may need what it deletes"),
        _ => whole("it is not known to be harmless"),
    }
}

/// What an alteration of a table does to the running version, if it breaks it.
fn alteration(operation: &AlterTableOperation) -> Option<&'static str> {
    use AlterTableOperation as Alter;
    match operation {
        Alter::AddColumn { column_def, .. } => column(column_def),
        Alter::AlterColumn { op, .. } => match op {
            AlterColumnOperation::SetDefault { .. } => None,
            AlterColumnOperation::DropNotNull => Some("the running version may not know what NULL means there"),
            AlterColumnOperation::SetNotNull => Some("the running version may write NULL"),
            AlterColumnOperation::DropDefault => Some("the running version may leave the column out"),
            AlterColumnOperation::SetDataType { .. } => Some("the running version reads and writes the earlier type"),
            _ => Some("it is not known to be harmless"),
        },
        Alter::ValidateConstraint { .. } => None,
        Alter::DropColumn { .. } => Some("the running version may use the column"),
        Alter::RenameColumn { .. } | Alter::RenameTable { .. } | Alter::RenameConstraint { .. } => {
            Some("the running version uses the earlier name")
        }
        Alter::AddConstraint { .. } => Some("the running version may write what it forbids"),
        Alter::DropConstraint { .. } => Some("the running version may rely on it, as ON CONFLICT does"),
        _ => Some("it is not known to be harmless"),
    }
}

/// A new column is not in the running version's INSERTs.
fn column(column: &ColumnDef) -> Option<&'static str> {
    let has = |wanted: fn(&ColumnOption) -> bool| column.options.iter().any(|option| wanted(&option.option));
    let filled = has(|option| {
        matches!(option, ColumnOption::Default(_) | ColumnOption::Generated { .. } | ColumnOption::Identity(_))
    });
    let serial = column.data_type.to_string().to_ascii_uppercase().contains("SERIAL");
    if has(|option| matches!(option, ColumnOption::NotNull)) && !filled && !serial {
        return Some("the running version leaves the column out, and it has neither NULL nor DEFAULT");
    }
    let unique = has(|option| matches!(option, ColumnOption::PrimaryKey(_) | ColumnOption::Unique(_)));
    (unique && has(|option| matches!(option, ColumnOption::Default(_))))
        .then_some("the running version leaves the column out, so its rows would have the same value")
        .or_else(|| {
            has(|option| matches!(option, ColumnOption::PrimaryKey(_)))
                .then_some("the running version may rely on the earlier primary key")
        })
}

/// A name as PostgreSQL compares it: without quotes, and in lower case unless it is quoted.
fn name(name: &ObjectName) -> String {
    let part = |part: &sqlparser::ast::ObjectNamePart| match part.as_ident() {
        Some(ident) if ident.quote_style.is_some() => ident.value.clone(),
        Some(ident) => ident.value.to_lowercase(),
        None => part.to_string(),
    };
    name.0.iter().map(part).collect::<Vec<_>>().join(".")
}

/// On one line, and not endless.
fn quoted(statement: &str) -> String {
    let line = statement.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= QUOTED {
        return line;
    }
    line.chars().take(QUOTED).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whys(sql: &str) -> Vec<&'static str> {
        breaking([("0001 test".to_owned(), sql)]).into_iter().map(|breaking| breaking.why).collect()
    }

    #[test]
    fn what_adds_is_harmless() {
        for sql in [
            "",
            "-- nothing",
            "CREATE TABLE a (id TEXT PRIMARY KEY, n INTEGER NOT NULL CHECK (n > 0)); CREATE UNIQUE INDEX u ON a (n);",
            "CREATE TABLE a (id TEXT); ALTER TABLE a ALTER COLUMN id SET NOT NULL, ADD CHECK (id <> ''); DROP TABLE a",
            r#"CREATE TABLE "A" (id TEXT); ALTER TABLE "A" DROP COLUMN id;"#,
            "ALTER TABLE users ADD COLUMN phone TEXT",
            "ALTER TABLE users ADD COLUMN IF NOT EXISTS visits BIGINT NOT NULL DEFAULT 0 CHECK (visits >= 0)",
            "ALTER TABLE users ADD COLUMN phone TEXT UNIQUE REFERENCES phones",
            "ALTER TABLE users ADD COLUMN n BIGINT NOT NULL GENERATED ALWAYS AS IDENTITY",
            "ALTER TABLE users ALTER COLUMN name SET DEFAULT ''",
            "ALTER TABLE users VALIDATE CONSTRAINT users_email_lower",
            "CREATE INDEX CONCURRENTLY IF NOT EXISTS i ON users (lower(email)) WHERE email IS NOT NULL",
            "CREATE TYPE mood AS ENUM ('good', 'bad'); ALTER TYPE mood ADD VALUE 'so so'",
            "CREATE VIEW v AS SELECT name FROM users; GRANT SELECT ON v TO reports; ANALYZE;",
            "UPDATE users SET name = '' WHERE name IS NULL; INSERT INTO suppliers VALUES ('a', 'b', 1)",
        ] {
            assert_eq!(whys(sql), [""; 0], "{sql}");
        }
    }

    #[test]
    fn what_the_running_version_may_need_or_violate_is_breaking() {
        for (sql, why) in [
            ("DROP TABLE users", "drops"),
            ("DROP INDEX idx_plan_catalog_supplier", "drops"),
            ("DROP VIEW v", "drops"),
            ("TRUNCATE users", "deletes"),
            ("DELETE FROM users WHERE email = ''", "deletes"),
            ("ALTER TABLE users DROP COLUMN name", "use the column"),
            ("ALTER TABLE users RENAME COLUMN name TO full_name", "earlier name"),
            ("ALTER TABLE users RENAME TO people", "earlier name"),
            ("ALTER TYPE mood RENAME VALUE 'good' TO 'fine'", "earlier name"),
            ("ALTER TABLE users ALTER COLUMN created_at TYPE DATE", "earlier type"),
            ("ALTER TABLE users ALTER COLUMN name SET NOT NULL", "write NULL"),
            ("ALTER TABLE users ALTER COLUMN name DROP DEFAULT", "leave the column out"),
            ("ALTER TABLE users ALTER COLUMN name DROP NOT NULL", "what NULL means"),
            ("ALTER TABLE users ADD COLUMN phone TEXT NOT NULL", "neither NULL nor DEFAULT"),
            ("ALTER TABLE users ADD COLUMN n INTEGER DEFAULT 0 UNIQUE", "the same value"),
            ("ALTER TABLE users ADD CONSTRAINT c CHECK (email = lower(email)) NOT VALID", "forbids"),
            ("ALTER TABLE users ADD UNIQUE (name)", "forbids"),
            ("CREATE UNIQUE INDEX u ON users (name)", "forbids"),
            ("ALTER TABLE users DROP CONSTRAINT users_email_key", "ON CONFLICT"),
            ("CREATE OR REPLACE VIEW v AS SELECT 1", "not known"),
            ("ALTER TABLE users ENABLE ROW LEVEL SECURITY", "not known"),
            ("REVOKE SELECT ON users FROM reports", "not known"),
            ("DO $$ BEGIN DROP TABLE users; END $$", "nobody knows"),
            ("ALTER TABLE users ADD COLUMN 'oops", "nobody knows"),
            ("DROP users", "nobody knows"),
        ] {
            let found = whys(sql);
            assert!(found.len() == 1 && found[0].contains(why), "{sql}: {found:?}");
        }
    }

    #[test]
    fn each_part_that_breaks_is_named() {
        let sql =
            "-- why\nALTER TABLE users ADD COLUMN a TEXT, DROP COLUMN b;\nSELECT 1;\nDROP TABLE c;\nDROP oops;\nx";
        let found = breaking([("0001 safe".to_owned(), "SELECT 1"), ("0002 bad".to_owned(), sql)]);
        let statements: Vec<&str> = found.iter().map(|breaking| breaking.statement.as_str()).collect();
        assert_eq!(statements, ["ALTER TABLE users DROP COLUMN b", "DROP TABLE c", "DROP oops; x"]);
        assert!(found.iter().all(|breaking| breaking.migration == "0002 bad"));
    }

    #[test]
    fn long_statements_are_cut() {
        let sql = format!("DROP TABLE {}", "a".repeat(1000));
        assert_eq!(breaking([("0001".to_owned(), sql.as_str())])[0].statement.chars().count(), QUOTED + 1);
    }
}
