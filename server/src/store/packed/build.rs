//! A build as bytes, without what it is searched by: its shape, which others of its workflow
//! have too, and its own facts.

use jiff::Timestamp;
use prost::Message;

use crate::model::{BuildFacts, BuildId};

/// What nobody searches a build by.
pub(in crate::store) struct PackedBuild {
    pub(in crate::store) shape: Vec<u8>,
    pub(in crate::store) facts: Vec<u8>,
}

/// The same, read.
pub(in crate::store) struct UnpackedBuild {
    pub(in crate::store) workflow_path: String,
    pub(in crate::store) commit_title: String,
    pub(in crate::store) commit_author: String,
    pub(in crate::store) title: String,
    pub(in crate::store) actor: String,
    pub(in crate::store) url: String,
    pub(in crate::store) create_time: Timestamp,
}

/// What the builds of a workflow have in common.
#[derive(Clone, PartialEq, Message)]
struct Shape {
    #[prost(string, tag = "1")]
    workflow_path: String,
    /// What comes before the page in its URL, if that ends with it.
    #[prost(string, optional, tag = "2")]
    site: Option<String>,
    /// Whether the page says which attempt it is.
    #[prost(bool, tag = "3")]
    names_attempt: bool,
}

/// What a build has for itself.
#[derive(Clone, PartialEq, Message)]
struct Facts {
    #[prost(string, tag = "1")]
    commit_title: String,
    /// Unless it is whoever triggered the attempt.
    #[prost(string, optional, tag = "2")]
    commit_author: Option<String>,
    /// Unless it is the title of the commit.
    #[prost(string, optional, tag = "3")]
    title: Option<String>,
    /// Unless it is whoever triggered the attempt.
    #[prost(string, optional, tag = "4")]
    actor: Option<String>,
    #[prost(string, tag = "5")]
    url: String,
    /// In microseconds before the start.
    #[prost(sint64, tag = "6")]
    create: i64,
}

/// Writes a build.
pub(in crate::store) fn pack(id: BuildId, facts: &BuildFacts) -> PackedBuild {
    let pages = [false, true].map(|names_attempt| (names_attempt, page(id, names_attempt)));
    let found = pages.iter().find_map(|(names_attempt, page)| {
        let site = facts.url.strip_suffix(page.as_str())?;
        Some((*names_attempt, site.to_owned()))
    });
    let url = match found {
        Some(_) => String::new(),
        None => facts.url.clone(),
    };
    let (names_attempt, site) = found.map_or((false, None), |(it, site)| (it, Some(site)));
    let shape = Shape {
        workflow_path: facts.workflow_path.clone(),
        site,
        names_attempt,
    };
    let unless = |text: &String, other: &String| (text != other).then(|| text.clone());
    let create = facts.start_time.as_microsecond() - facts.create_time.as_microsecond();
    let own = Facts {
        commit_title: facts.commit_title.clone(),
        commit_author: unless(&facts.commit_author, &facts.triggering_actor),
        title: unless(&facts.title, &facts.commit_title),
        actor: unless(&facts.actor, &facts.triggering_actor),
        url,
        create,
    };
    PackedBuild {
        shape: shape.encode_to_vec(),
        facts: own.encode_to_vec(),
    }
}

/// Reads what `pack` wrote. What is wrong with it is an error.
pub(in crate::store) fn unpack(
    id: BuildId,
    start: Timestamp,
    triggering_actor: &str,
    (shape, facts): (&[u8], &[u8]),
) -> Result<UnpackedBuild, String> {
    let shape = Shape::decode(shape).map_err(|error| error.to_string())?;
    let own = Facts::decode(facts).map_err(|error| error.to_string())?;
    let create = start.as_microsecond().checked_sub(own.create);
    let create = create.ok_or("its creation is too far")?;
    let by = |other: Option<String>| other.unwrap_or_else(|| triggering_actor.to_owned());
    Ok(UnpackedBuild {
        workflow_path: shape.workflow_path,
        title: own.title.unwrap_or_else(|| own.commit_title.clone()),
        commit_title: own.commit_title,
        commit_author: by(own.commit_author),
        actor: by(own.actor),
        url: match shape.site {
            Some(site) => site + &page(id, shape.names_attempt),
            None => own.url,
        },
        create_time: Timestamp::from_microsecond(create).map_err(|error| error.to_string())?,
    })
}

/// Where GitHub shows a build, from its repository on.
fn page(id: BuildId, names_attempt: bool) -> String {
    let run = id.run.0;
    if names_attempt {
        format!("/actions/runs/{run}/attempts/{}", id.attempt)
    } else {
        format!("/actions/runs/{run}")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::fixtures::{at, build_id, facts};

    fn read(id: BuildId, facts: &BuildFacts) -> Result<BuildFacts, String> {
        let packed = pack(id, facts);
        let bytes = (&packed.shape[..], &packed.facts[..]);
        let read = unpack(id, facts.start_time, &facts.triggering_actor, bytes)?;
        Ok(BuildFacts {
            workflow_path: read.workflow_path,
            commit_title: read.commit_title,
            commit_author: read.commit_author,
            title: read.title,
            actor: read.actor,
            url: read.url,
            create_time: read.create_time,
            ..facts.clone()
        })
    }

    #[test]
    fn what_is_usual_takes_little_room() {
        let facts = BuildFacts {
            commit_author: "ada".to_owned(),
            ..facts("success", 9)
        };
        let id = build_id(1, 1);
        assert_eq!(read(id, &facts), Ok(facts.clone()));
        let packed = pack(id, &facts);
        assert_eq!(packed.facts.len(), 2 + "Fix the parser".len());
        let of_attempt = BuildFacts {
            url: facts.url.clone() + "/attempts/2",
            ..facts
        };
        assert_eq!(read(build_id(1, 2), &of_attempt), Ok(of_attempt.clone()));
        let packed = pack(build_id(1, 2), &of_attempt);
        assert_eq!(packed.facts.len(), 2 + "Fix the parser".len());
    }

    #[test]
    fn what_is_wrong_is_an_error() {
        let id = build_id(1, 1);
        assert!(unpack(id, at(0), "ada", (b"\xff", b"")).is_err());
        assert!(unpack(id, at(0), "ada", (b"", b"\xff")).is_err());
        for create in [i64::MAX, i64::MIN] {
            let far = Facts {
                create,
                ..Facts::default()
            };
            assert!(unpack(id, at(0), "ada", (b"", &far.encode_to_vec())).is_err());
        }
    }

    fn any_time() -> impl Strategy<Value = Timestamp> {
        let micros = Timestamp::MIN.as_microsecond() + 1..Timestamp::MAX.as_microsecond();
        micros.prop_map(|it| Timestamp::from_microsecond(it).unwrap())
    }

    /// URLs that look like what is left out of them.
    fn any_url() -> impl Strategy<Value = String> {
        let part = prop_oneof![
            "",
            ".*",
            "https://github.com/a/b",
            "/actions/runs/1",
            "/actions/runs/01",
            "/actions/runs/1/attempts/2",
            "/attempts/2",
            "/attempts/1",
            "/",
        ];
        (part.clone(), part.clone(), part).prop_map(|(a, b, c)| a + &b + &c)
    }

    fn any_text() -> impl Strategy<Value = String> {
        prop_oneof!["", "ada", ".*"]
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]
        #[test]
        fn builds_come_back_as_they_were(
            url in any_url(),
            texts in prop::collection::vec(any_text(), 6),
            create_time in any_time(),
            start_time in any_time(),
        ) {
            let facts = BuildFacts {
                url,
                create_time,
                start_time,
                workflow_path: texts[0].clone(),
                commit_title: texts[1].clone(),
                commit_author: texts[2].clone(),
                title: texts[3].clone(),
                actor: texts[4].clone(),
                triggering_actor: texts[5].clone(),
                ..facts("success", 9)
            };
            prop_assert_eq!(read(build_id(1, 2), &facts).unwrap(), facts);
        }
    }
}
