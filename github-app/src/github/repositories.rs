//! What is asked for an installation: its repositories, and what is in them.

use bytes::Bytes;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::{
    ETag, Error, GitHub, Listed, Purpose, Repository,
    lane::Identity,
    pages,
    path::{ApiPath, RepositoryPath},
    read,
    wire::Question,
};

/// The most pages of a list. No list that is read whole is as long.
const MAX_PAGES: usize = 1000;

#[derive(Deserialize)]
struct Repositories {
    repositories: Vec<Box<RawValue>>,
}

impl GitHub {
    /// All repositories that an installation sees.
    pub async fn repositories(
        &self,
        installation_id: i64,
        purpose: Purpose,
    ) -> Result<Vec<Repository>, Error> {
        let first = ApiPath::fixed("/installation/repositories?per_page=100");
        let read = |path: &ApiPath, body: &[u8]| {
            let page: Repositories = read::json(path, body)?;
            Ok(read::records(path, &page.repositories))
        };
        let identity = Identity::Installation(installation_id);
        self.every_page(identity, purpose, first, read).await
    }

    /// One repository, wherever it has moved to.
    pub async fn repository(
        &self,
        installation_id: i64,
        purpose: Purpose,
        repository: &RepositoryPath,
    ) -> Result<Repository, Error> {
        let path = repository.repository();
        let body = self.get(installation_id, purpose, &path).await?;
        read::json(&path, &body)
    }

    /// Any JSON that an installation may read.
    pub async fn get(
        &self,
        installation_id: i64,
        purpose: Purpose,
        path: &ApiPath,
    ) -> Result<Bytes, Error> {
        let identity = Identity::Installation(installation_id);
        let question = Question::get(path.clone());
        let reply = self.ask(identity, purpose, question, None).await?;
        Ok(reply.answer.body)
    }

    /// A page of a list that an installation may read, unless it still is what
    /// `etag` says.
    pub async fn list(
        &self,
        installation_id: i64,
        purpose: Purpose,
        path: &ApiPath,
        etag: Option<&ETag>,
    ) -> Result<Listed, Error> {
        let identity = Identity::Installation(installation_id);
        let question = Question::get(path.clone());
        let reply = self.ask(identity, purpose, question, etag).await?;
        let answer = reply.answer;
        if answer.status == http::StatusCode::NOT_MODIFIED {
            return Ok(Listed::NotModified);
        }
        Ok(Listed::Page {
            next: pages::next(&self.inner.base, &reply.path, &answer.headers)?,
            etag: ETag::read(&answer.headers, reply.token),
            body: answer.body,
        })
    }

    /// The records of all pages of a list.
    pub(super) async fn every_page<T>(
        &self,
        identity: Identity,
        purpose: Purpose,
        first: ApiPath,
        read: impl Fn(&ApiPath, &[u8]) -> Result<Vec<T>, Error>,
    ) -> Result<Vec<T>, Error> {
        let mut records = Vec::new();
        let mut path = first;
        for _ in 0..MAX_PAGES {
            let question = Question::get(path);
            let reply = self.ask(identity, purpose, question, None).await?;
            records.extend(read(&reply.path, &reply.answer.body)?);
            match pages::next(&self.inner.base, &reply.path, &reply.answer.headers)? {
                Some(next) => path = next,
                None => return Ok(records),
            }
        }
        Err(Error::Unreadable {
            path: path.shown().to_owned(),
            problem: "the list has no end".to_owned(),
        })
    }
}
