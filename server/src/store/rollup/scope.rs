//! Which rollups answer a question, if any do.

use std::collections::BTreeMap;

use super::{
    change::Change,
    key::{Key, Kind},
};
use crate::{
    Result,
    model::{Ended, Filter, Pattern, any},
    store::{
        Dimension, Slice,
        db::{Query, Snapshot},
        filter::{patterns, push_repositories},
        paths, sql,
    },
};

/// How many days are looked up one by one.
const FEW_DAYS: i32 = 64;

/// The rollups that hold just the builds of a filter, told apart as asked.
pub(in crate::store) struct Scope<'f> {
    pub(super) kind: Kind,
    filter: &'f Filter,
    pub(super) dimension: Option<Dimension>,
}

impl<'f> Scope<'f> {
    /// Looks for rollups that do. None: only the builds themselves tell.
    pub(in crate::store) fn of(filter: &'f Filter, dimension: Option<Dimension>) -> Option<Self> {
        if filter.selects_by_more_than_names() {
            return None;
        }
        let by_workflow = !filter.workflows.is_empty() || !filter.workflow_ids.is_empty();
        let by_branch = !filter.branches.is_empty() || filter.default_branch_only;
        let by_actor = !filter.actors.is_empty();
        let told_apart = |by| dimension == Some(by);
        let aspects = [
            (
                Kind::Workflow,
                by_workflow || told_apart(Dimension::Workflow),
            ),
            (Kind::Branch, by_branch || told_apart(Dimension::Branch)),
            (Kind::Actor, by_actor || told_apart(Dimension::Actor)),
        ];
        let mut aspects = aspects.iter().filter(|(_, asked)| *asked);
        let kind = aspects.next().map_or(Kind::Repository, |(kind, _)| *kind);
        if aspects.next().is_some() {
            return None;
        }
        let any_repository =
            filter.repositories.is_empty() && filter.workflow_ids.is_empty() && dimension.is_none();
        // Which branch of which name is the default one, only repositories tell.
        let of_name = !filter.default_branch_only;
        Some(Self {
            kind: match kind {
                Kind::Repository if any_repository => Kind::All,
                Kind::Workflow if any_repository => Kind::AnyWorkflow,
                Kind::Branch if any_repository && of_name => Kind::AnyBranch,
                Kind::Branch if any_repository && filter.branches.is_empty() => Kind::DefaultBranch,
                kind => kind,
            },
            filter,
            dimension,
        })
    }

    /// The rollups of hidden repositories, where those that were found count them.
    pub(super) fn hidden(&self) -> Option<Self> {
        let kind = match self.kind {
            Kind::All => Kind::Repository,
            Kind::AnyWorkflow => Kind::Workflow,
            Kind::AnyBranch | Kind::DefaultBranch => Kind::Branch,
            Kind::Repository | Kind::Workflow | Kind::Branch | Kind::Actor => return None,
        };
        Some(Self { kind, ..*self })
    }

    /// Starts a query for its rollups `b` of some days, of repositories that are
    /// hidden or that are not. Gives `columns` and those of the slice.
    pub(super) fn select(&self, columns: &str, days: (i32, i32), hidden: bool) -> Query {
        let mut query = Query::new("SELECT ");
        query.push(columns);
        self.push_slice(&mut query);
        if self.kind.has_repository() {
            // From each repository to its rollups, not the other way round.
            query.push(" FROM repository r CROSS JOIN rollup b");
            if self.dimension == Some(Dimension::Workflow) {
                query.push(
                    " JOIN workflow w ON w.repository_id = b.repository_id AND w.id = b.workflow_id",
                );
            }
            query.push(" WHERE b.repository_id = r.id AND r.hidden_time IS ");
            query.push(if hidden { "NOT NULL" } else { "NULL" });
            push_repositories(&mut query, &self.filter.repositories);
            paths::push_of_workflows(&mut query, "r.id", self.filter);
        } else {
            query.push(" FROM rollup b WHERE b.repository_id = 0");
        }
        query.push(" AND b.kind = ").push_bind(self.kind.number());
        self.push_days(&mut query, days);
        self.push_names(&mut query);
        query
    }

    fn push_slice(&self, query: &mut Query) {
        if let Some(dimension) = self.dimension {
            query.push(", ");
            dimension.push_columns(query, ["b.name", "b.name"]);
        }
    }

    /// A few days as a list, so that the index leads to each name on each of them.
    fn push_days(&self, query: &mut Query, (first, last): (i32, i32)) {
        let names = self.names();
        let exact = !names.is_empty() && names.iter().all(Pattern::is_exact);
        if exact && last.saturating_sub(first) < FEW_DAYS {
            let mut days: Vec<i32> = (first..=last).collect();
            days.resize(days.len().next_power_of_two(), last);
            query.push(" AND b.day IN (");
            sql::push_list(query, &days);
            query.push(")");
            return;
        }
        query.push(" AND b.day >= ").push_bind(first);
        query.push(" AND b.day <= ").push_bind(last);
    }

    fn push_names(&self, query: &mut Query) {
        patterns(query, "b.name", self.names());
        if self.filter.default_branch_only && self.kind.has_repository() {
            query.push(" AND b.name = r.default_branch AND r.default_branch <> ''");
        }
        if !self.filter.workflow_ids.is_empty() {
            query.push(" AND b.workflow_id IN (");
            sql::push_list(query, self.filter.workflow_ids.iter().map(|id| &id.0));
            query.push(")");
        }
    }

    /// What its rollups may be called; anything if there are none.
    fn names(&self) -> &'f [Pattern] {
        match self.kind {
            Kind::All | Kind::Repository | Kind::DefaultBranch => &[],
            Kind::Workflow | Kind::AnyWorkflow => &self.filter.workflows,
            Kind::Branch | Kind::AnyBranch => &self.filter.branches,
            Kind::Actor => &self.filter.actors,
        }
    }

    /// Those of some changes that are in it, each with its slice.
    pub(super) async fn choose<'c>(
        &self,
        snapshot: &mut Snapshot,
        changes: &'c [Change],
    ) -> Result<Vec<(Slice, &'c Change)>> {
        let known = Known::of(snapshot, changes).await?;
        let chosen = changes.iter().filter_map(|change| {
            let build = &change.build;
            let key = Key::of_kind(build, self.kind);
            if !any(self.names(), |name| name.matches(&key.name)) {
                return None;
            }
            let Some(repository) = known.repositories.get(&build.repository.0) else {
                // It was deleted: this takes away what rollups of all repositories
                // still have of it. Those of default branches have nothing of it.
                let is_counted = !self.kind.has_repository() && self.kind != Kind::DefaultBranch;
                return is_counted.then(|| (Slice::default(), change));
            };
            let matches = !repository.is_hidden
                && any(&self.filter.repositories, |name| {
                    name.matches_ignoring_case(&repository.name)
                })
                && any(&self.filter.workflow_ids, |id| *id == build.workflow_id)
                && (!self.filter.default_branch_only
                    || !build.branch.is_empty() && build.branch == repository.default_branch);
            matches.then(|| (self.slice(build, repository, &known), change))
        });
        Ok(chosen.collect())
    }

    fn slice(&self, build: &Ended, repository: &KnownRepository, known: &Known) -> Slice {
        let (value, workflow_id) = match self.dimension {
            None => return Slice::default(),
            Some(Dimension::Actor) => {
                return Slice {
                    value: build.actor.clone(),
                    ..Slice::default()
                };
            }
            Some(Dimension::Repository) => ("", 0),
            Some(Dimension::Branch) => (build.branch.as_str(), 0),
            Some(Dimension::Workflow) => {
                let id = (build.repository.0, build.workflow_id.0);
                let name = known.workflows.get(&id).map_or("", String::as_str);
                (name, build.workflow_id.0)
            }
        };
        Slice {
            repository: repository.name.clone(),
            value: value.to_owned(),
            repository_id: build.repository.0,
            workflow_id,
        }
    }
}

/// The repositories that some changes are of, and their workflows.
struct Known {
    repositories: BTreeMap<i64, KnownRepository>,
    workflows: BTreeMap<(i64, i64), String>,
}

struct KnownRepository {
    name: String,
    default_branch: String,
    is_hidden: bool,
}

impl Known {
    async fn of(snapshot: &mut Snapshot, changes: &[Change]) -> Result<Self> {
        let mut ids: Vec<i64> = changes.iter().map(|c| c.build.repository.0).collect();
        ids.sort_unstable();
        ids.dedup();
        let mut known = Self {
            repositories: BTreeMap::new(),
            workflows: BTreeMap::new(),
        };
        for chunk in sql::padded(&ids) {
            let mut query = Query::new(
                "SELECT id, name, default_branch, hidden_time FROM repository WHERE id IN (",
            );
            sql::push_list(&mut query, &chunk);
            query.push(")");
            for row in query.fetch_all(&mut *snapshot).await? {
                let repository = KnownRepository {
                    name: row.try_get("name")?,
                    default_branch: row.try_get("default_branch")?,
                    is_hidden: row.try_get::<Option<i64>, _>("hidden_time")?.is_some(),
                };
                known.repositories.insert(row.try_get("id")?, repository);
            }
            let mut query =
                Query::new("SELECT repository_id, id, name FROM workflow WHERE repository_id IN (");
            sql::push_list(&mut query, &chunk);
            query.push(")");
            for row in query.fetch_all(&mut *snapshot).await? {
                let id = (row.try_get("repository_id")?, row.try_get("id")?);
                known.workflows.insert(id, row.try_get("name")?);
            }
        }
        Ok(known)
    }
}
