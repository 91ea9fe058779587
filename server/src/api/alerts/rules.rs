//! Rules.

use lampboard_proto::v1;

use super::{
    super::{
        convert::{self, Check},
        etag, page_token,
    },
    Alerts, overlay,
};
use crate::{Error, Result, model::AlertRule};

pub(super) const DEFAULT_PAGE: usize = 100;
pub(super) const LARGEST_PAGE: usize = 1000;

impl Alerts {
    pub(super) async fn create_alert_rule(
        &self,
        request: v1::CreateAlertRuleRequest,
    ) -> Result<v1::CreateAlertRuleResponse> {
        let rule = request.rule.unwrap_or_default();
        let content = Check::run(|check| convert::rule(check, rule))?;
        let rule = self.store.create_alert_rule(content).await?;
        Ok(v1::CreateAlertRuleResponse {
            rule: Some(convert::rule_to_proto(&rule)),
        })
    }

    pub(super) async fn get_alert_rule(
        &self,
        request: v1::GetAlertRuleRequest,
    ) -> Result<v1::GetAlertRuleResponse> {
        let rule = self.rule(&request.id).await?;
        Ok(v1::GetAlertRuleResponse {
            rule: Some(convert::rule_to_proto(&rule)),
        })
    }

    pub(super) async fn list_alert_rules(
        &self,
        mut request: v1::ListAlertRulesRequest,
    ) -> Result<v1::ListAlertRulesResponse> {
        let size = page_token::page_size(request.page_size, DEFAULT_PAGE, LARGEST_PAGE)?;
        let token = std::mem::take(&mut request.page_token);
        let same = v1::ListAlertRulesRequest {
            page_size: 0,
            ..request
        };
        let after = page_token::decode(&same, &token)?;
        let position = |rule: &AlertRule| named(&rule.content.display_name, &rule.id);
        let (rules, next) = page(self.store.alert_rules().await?, size, after, position);
        Ok(v1::ListAlertRulesResponse {
            rules: rules.iter().map(convert::rule_to_proto).collect(),
            next_page_token: next
                .map(|at| page_token::encode(&same, &at))
                .unwrap_or_default(),
        })
    }

    pub(super) async fn update_alert_rule(
        &self,
        request: v1::UpdateAlertRuleRequest,
    ) -> Result<v1::UpdateAlertRuleResponse> {
        let asked = request.rule.unwrap_or_default();
        let version = etag::read("rule.etag", &asked.etag)?;
        let stored = self.rule(&asked.id).await?;
        // What the mask leaves is of the rule that was read: no other one may be written.
        let version = version.or(Some(stored.version));
        let id = stored.id.clone();
        let stored = convert::rule_to_proto(&stored);
        let rule = overlay::rule(stored, &asked, request.update_mask)?;
        let content = Check::run(|check| convert::rule(check, rule))?;
        let rule = self.store.update_alert_rule(id, version, content).await?;
        self.dispatch.wake();
        Ok(v1::UpdateAlertRuleResponse {
            rule: Some(convert::rule_to_proto(&rule)),
        })
    }

    pub(super) async fn delete_alert_rule(
        &self,
        request: v1::DeleteAlertRuleRequest,
    ) -> Result<v1::DeleteAlertRuleResponse> {
        let version = etag::read("etag", &request.etag)?;
        self.store.delete_alert_rule(request.id, version).await?;
        Ok(v1::DeleteAlertRuleResponse {})
    }

    async fn rule(&self, id: &str) -> Result<AlertRule> {
        let rule = self.store.alert_rule(id).await?;
        rule.ok_or(Error::NotFound("rule"))
    }
}

/// Where a list by name goes on. NUL is in no name, so the order of positions is that of names.
pub(super) fn named(name: &str, id: &str) -> Vec<u8> {
    format!("{name}\0{id}").into_bytes()
}

/// Cuts a page out of a list in the order of its positions; says where the next one begins.
pub(super) fn page<T>(
    mut all: Vec<T>,
    size: usize,
    after: Option<Vec<u8>>,
    position: impl Fn(&T) -> Vec<u8>,
) -> (Vec<T>, Option<Vec<u8>>) {
    if let Some(after) = after {
        all.retain(|item| position(item) > after);
    }
    let more = all.len() > size;
    all.truncate(size);
    let next = all.last().filter(|_| more).map(position);
    (all, next)
}
