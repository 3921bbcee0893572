//! CloudTrail, live: what we look at and what we do to it.
//!
//! A trail is changed in its home region alone; its shadows in other regions refuse.

use super::each::{detail, observed, or_gone, or_none, receipt, stamp, tags_or_why};
use super::{Aws, client, failed, not_answered};
use crate::cloud::{CloudError, Receipt, Refusal};
use crate::model::change::{CloudTrailChange, TrailPart};
use crate::model::observed::State;
use crate::model::{Observed, Place, ResourceRef, Sight};
use aws_sdk_cloudtrail::Client;
use aws_sdk_cloudtrail::types::{
    AdvancedEventSelector, AdvancedFieldSelector, DataResource, EventDataStoreStatus, EventSelector,
    ReadWriteType, Trail,
};
use serde_json::{Value, json};

const TRAIL: &str = "aws.cloudtrail.trail";
const STORE: &str = "aws.cloudtrail.event_data_store";

/// What [`observe`] knows.
pub(super) const KINDS: &[&str] = &[TRAIL, STORE];

pub(super) async fn look(
    aws: &Aws,
    at: &Place,
    changes: &[&CloudTrailChange],
) -> Vec<Result<Sight, CloudError>> {
    let mut seen = Vec::with_capacity(changes.len());
    for change in changes {
        seen.push(or_gone(look_at(aws, at, change).await));
    }
    seen
}

async fn look_at(aws: &Aws, at: &Place, change: &CloudTrailChange) -> Result<Sight, CloudError> {
    use CloudTrailChange::*;
    match change {
        StartTrail { name } | StopTrail { name } => {
            let home = Home::of(aws, at, name).await?;
            let is_logging = home.is_logging().await?;
            let state = json!({ "arn": home.arn, "is_logging": is_logging });
            Ok(Sight::there(state, is_logging == matches!(change, StartTrail { .. })))
        }
        WidenTrail { name, what } | NarrowTrail { name, what } => {
            let home = Home::of(aws, at, name).await?;
            let is_on = match what {
                TrailPart::Regions => home.trail.is_multi_region_trail,
                TrailPart::GlobalServices => home.trail.include_global_service_events,
                TrailPart::FileValidation => home.trail.log_file_validation_enabled,
            };
            let is_on = is_on.unwrap_or(false);
            let state = json!({ "arn": home.arn, "is_on": is_on });
            Ok(Sight::there(state, is_on == matches!(change, WidenTrail { .. })))
        }
        RecordManagementEvents { name } => {
            let home = Home::of(aws, at, name).await?;
            let selectors = home.selectors().await?;
            let is_done = selectors.take_in_management();
            Ok(Sight::there(json!({ "arn": home.arn, "selectors": selectors.written() }), is_done))
        }
        PutBackSelectors { name, selectors: wanted } => {
            let home = Home::of(aws, at, name).await?;
            let written = home.selectors().await?.written();
            let is_done = serde_json::from_str::<Value>(wanted).is_ok_and(|wanted| wanted == written);
            Ok(Sight::there(json!({ "arn": home.arn, "selectors": written }), is_done))
        }
        RestoreEventDataStore { store } | StartStoreIngestion { store } | StopStoreIngestion { store } => {
            let found = event_data_store(aws, at, store).await?;
            let status = found.status.clone().unwrap_or(EventDataStoreStatus::Created);
            let is_pending = status == EventDataStoreStatus::PendingDeletion;
            let is_done = match change {
                StartStoreIngestion { .. } => status == EventDataStoreStatus::Enabled,
                StopStoreIngestion { .. } => status == EventDataStoreStatus::StoppedIngestion,
                _ => !is_pending,
            };
            let created = stamp(found.created_timestamp.as_ref());
            let state = json!({
                "arn": found.event_data_store_arn, "created_at": created, "status": status.as_str(),
            });
            Ok(Sight::there(state, is_done))
        }
    }
}

pub(super) async fn perform(
    aws: &Aws,
    at: &Place,
    changes: &[&CloudTrailChange],
) -> Vec<Result<Receipt, CloudError>> {
    let mut done = Vec::with_capacity(changes.len());
    for change in changes {
        done.push(change_one(aws, at, change).await);
    }
    done
}

async fn change_one(aws: &Aws, at: &Place, change: &CloudTrailChange) -> Result<Receipt, CloudError> {
    use CloudTrailChange::*;
    match change {
        StartTrail { name } => {
            let home = Home::of(aws, at, name).await?;
            let sent = home.client.start_logging().name(home.name()).send().await;
            Ok(receipt(&sent.map_err(|error| failed("cloudtrail:StartLogging", &home.at, error))?))
        }
        StopTrail { name } => {
            let home = Home::of(aws, at, name).await?;
            let sent = home.client.stop_logging().name(home.name()).send().await;
            Ok(receipt(&sent.map_err(|error| failed("cloudtrail:StopLogging", &home.at, error))?))
        }
        WidenTrail { name, what } | NarrowTrail { name, what } => {
            let home = Home::of(aws, at, name).await?;
            let on = matches!(change, WidenTrail { .. });
            let call = home.client.update_trail().name(&home.arn);
            let call = match what {
                TrailPart::Regions => call.is_multi_region_trail(on),
                TrailPart::GlobalServices => call.include_global_service_events(on),
                TrailPart::FileValidation => call.enable_log_file_validation(on),
            };
            let sent = call.send().await;
            Ok(receipt(&sent.map_err(|error| failed("cloudtrail:UpdateTrail", &home.at, error))?))
        }
        RecordManagementEvents { name } => {
            let home = Home::of(aws, at, name).await?;
            let selectors = home.selectors().await?.with_management();
            home.put(selectors).await
        }
        PutBackSelectors { name, selectors } => {
            let home = Home::of(aws, at, name).await?;
            let selectors = serde_json::from_str(selectors).ok().and_then(|saved| Selectors::read(&saved));
            let selectors = selectors.ok_or_else(|| {
                CloudError::new(Refusal::Invalid, SELECT, &home.at, None, "the saved selectors can't be read")
            })?;
            home.put(selectors).await
        }
        RestoreEventDataStore { store } => {
            let client = client!(aws, at, aws_sdk_cloudtrail)?;
            let sent = client.restore_event_data_store().event_data_store(&**store).send().await;
            Ok(receipt(&sent.map_err(|error| failed("cloudtrail:RestoreEventDataStore", at, error))?))
        }
        StartStoreIngestion { store } => {
            let client = client!(aws, at, aws_sdk_cloudtrail)?;
            let sent = client.start_event_data_store_ingestion().event_data_store(&**store).send().await;
            Ok(receipt(&sent.map_err(|error| failed("cloudtrail:StartEventDataStoreIngestion", at, error))?))
        }
        StopStoreIngestion { store } => {
            let client = client!(aws, at, aws_sdk_cloudtrail)?;
            let sent = client.stop_event_data_store_ingestion().event_data_store(&**store).send().await;
            Ok(receipt(&sent.map_err(|error| failed("cloudtrail:StopEventDataStoreIngestion", at, error))?))
        }
    }
}

/// Looks at things of one kind in one place: one answer for each.
pub(super) async fn observe(
    aws: &Aws,
    at: &Place,
    kind: &'static str,
    wanted: &[ResourceRef],
) -> Result<Vec<Observed>, CloudError> {
    let mut seen = Vec::with_capacity(wanted.len());
    for one in wanted {
        seen.push(if kind == TRAIL {
            trail(aws, at, one).await?
        } else {
            match or_none(event_data_store(aws, at, &one.id).await)? {
                None => observed(one, State::Gone, None),
                Some(found) => {
                    let state = match found.status {
                        Some(EventDataStoreStatus::Enabled) => State::Running,
                        Some(
                            EventDataStoreStatus::PendingDeletion
                            | EventDataStoreStatus::StoppedIngestion
                            | EventDataStoreStatus::StoppingIngestion,
                        ) => State::Stopped,
                        _ => State::Unknown,
                    };
                    let mut seen = observed(one, state, found.created_timestamp.as_ref());
                    if let Some(arn) = &found.event_data_store_arn {
                        let client = client!(aws, at, aws_sdk_cloudtrail)?;
                        tags_or_why(&mut seen, tags(&client, at, arn).await);
                    }
                    seen
                }
            }
        });
    }
    Ok(seen)
}

async fn trail(aws: &Aws, at: &Place, one: &ResourceRef) -> Result<Observed, CloudError> {
    let Some(home) = or_none(Home::of(aws, at, &one.id).await)? else {
        return Ok(observed(one, State::Gone, None));
    };
    let is_logging = home.is_logging().await?;
    let mut seen = observed(one, if is_logging { State::Running } else { State::Stopped }, None);
    detail(&mut seen, "bucket", home.trail.s3_bucket_name.as_deref());
    detail(&mut seen, "home_region", home.trail.home_region.as_deref());
    let of_organization = home.trail.is_organization_trail.unwrap_or(false);
    detail(&mut seen, "organization", of_organization.then_some("yes"));
    tags_or_why(&mut seen, tags(&home.client, &home.at, &home.arn).await);
    Ok(seen)
}

/// A trail and a store bear at most 50, which one page holds.
async fn tags(client: &Client, at: &Place, arn: &str) -> Result<Vec<(String, String)>, CloudError> {
    let asked = client.list_tags().resource_id_list(arn).send().await;
    let answer = asked.map_err(|error| failed("cloudtrail:ListTags", at, error))?;
    let found = answer.resource_tag_list.unwrap_or_default().into_iter().flat_map(|one| one.tags_list);
    Ok(found.flatten().map(|tag| (tag.key, tag.value.unwrap_or_default())).collect())
}

const SELECT: &str = "cloudtrail:PutEventSelectors";

/// A trail, and a way to where it can be changed.
struct Home {
    client: Client,
    at: Place,
    arn: String,
    trail: Trail,
}

impl Home {
    async fn of(aws: &Aws, at: &Place, name: &str) -> Result<Home, CloudError> {
        let client = client!(aws, at, aws_sdk_cloudtrail)?;
        let asked = client.get_trail().name(name).send().await;
        let trail = asked.map_err(|error| failed("cloudtrail:GetTrail", at, error))?.trail;
        let trail = trail.ok_or_else(|| not_answered("cloudtrail:GetTrail", at, "trail"))?;
        let arn =
            trail.trail_arn.clone().ok_or_else(|| not_answered("cloudtrail:GetTrail", at, "trail ARN"))?;
        let region = trail.home_region.as_deref().filter(|region| *region != &*at.region);
        let at = Place::new(at.account.clone(), region.unwrap_or(&at.region));
        let client = match region {
            Some(_) => client!(aws, &at, aws_sdk_cloudtrail)?,
            None => client,
        };
        Ok(Home { client, at, arn, trail })
    }

    /// A trail of this account is called by its name, one of the organization by its ARN.
    fn name(&self) -> &str {
        let is_own = self.arn.split(':').nth(4) == Some(&*self.at.account);
        self.trail.name.as_deref().filter(|_| is_own).unwrap_or(&self.arn)
    }

    async fn is_logging(&self) -> Result<bool, CloudError> {
        const CALL: &str = "cloudtrail:GetTrailStatus";
        let asked = self.client.get_trail_status().name(&self.arn).send().await;
        let status = asked.map_err(|error| failed(CALL, &self.at, error))?;
        status.is_logging.ok_or_else(|| not_answered(CALL, &self.at, "IsLogging"))
    }

    async fn selectors(&self) -> Result<Selectors, CloudError> {
        let asked = self.client.get_event_selectors().trail_name(&self.arn).send().await;
        let answer = asked.map_err(|error| failed("cloudtrail:GetEventSelectors", &self.at, error))?;
        Ok(match answer.advanced_event_selectors.filter(|some| !some.is_empty()) {
            Some(advanced) => Selectors::Advanced(advanced),
            None => Selectors::Basic(answer.event_selectors.unwrap_or_default()),
        })
    }

    async fn put(&self, selectors: Selectors) -> Result<Receipt, CloudError> {
        let call = self.client.put_event_selectors().trail_name(&self.arn);
        let call = match selectors {
            Selectors::Basic(some) => call.set_event_selectors(Some(some)),
            Selectors::Advanced(some) => call.set_advanced_event_selectors(Some(some)),
        };
        Ok(receipt(&call.send().await.map_err(|error| failed(SELECT, &self.at, error))?))
    }
}

async fn event_data_store(
    aws: &Aws,
    at: &Place,
    store: &str,
) -> Result<aws_sdk_cloudtrail::operation::get_event_data_store::GetEventDataStoreOutput, CloudError> {
    let client = client!(aws, at, aws_sdk_cloudtrail)?;
    let asked = client.get_event_data_store().event_data_store(store).send().await;
    asked.map_err(|error| failed("cloudtrail:GetEventDataStore", at, error))
}

/// What a trail records: an event that any of them matches.
#[derive(Clone, Debug, PartialEq)]
enum Selectors {
    Basic(Vec<EventSelector>),
    Advanced(Vec<AdvancedEventSelector>),
}

/// A trail takes at most five basic selectors.
const MOST_BASIC: usize = 5;

impl Selectors {
    fn take_in_management(&self) -> bool {
        match self {
            Selectors::Basic(some) => some.iter().any(|one| {
                one.include_management_events == Some(true)
                    && matches!(one.read_write_type, None | Some(ReadWriteType::All))
                    && one.exclude_management_event_sources().is_empty()
            }),
            Selectors::Advanced(some) => some.iter().any(|one| match one.field_selectors() {
                [only] => only.field == "eventCategory" && only.equals().iter().any(|to| to == "Management"),
                _ => false,
            }),
        }
    }

    /// Adds what takes in all management events, and leaves what is there.
    fn with_management(self) -> Selectors {
        if self.take_in_management() {
            return self;
        }
        match self {
            Selectors::Basic(mut some) => {
                // The first gives its place to one that holds its data events, too.
                let is_full = some.len() >= MOST_BASIC;
                let data = some.first_mut().filter(|_| is_full).and_then(|first| first.data_resources.take());
                let all = EventSelector::builder()
                    .include_management_events(true)
                    .read_write_type(ReadWriteType::All)
                    .set_data_resources(data)
                    .build();
                if is_full {
                    some[0] = all;
                } else {
                    some.push(all);
                }
                Selectors::Basic(some)
            }
            Selectors::Advanced(mut some) => {
                let category = AdvancedFieldSelector::builder().field("eventCategory").equals("Management");
                // Both builders fail only without what is given here.
                let all = category.build().and_then(|field| {
                    AdvancedEventSelector::builder().name("Management events").field_selectors(field).build()
                });
                some.extend(all);
                Selectors::Advanced(some)
            }
        }
    }

    fn written(&self) -> Value {
        match self {
            Selectors::Basic(some) => {
                json!({ "basic": some.iter().map(basic_written).collect::<Vec<_>>() })
            }
            Selectors::Advanced(some) => {
                json!({ "advanced": some.iter().map(advanced_written).collect::<Vec<_>>() })
            }
        }
    }

    fn read(saved: &Value) -> Option<Selectors> {
        if let Some(some) = saved.get("basic") {
            return Some(Selectors::Basic(some.as_array()?.iter().map(basic_read).collect::<Option<_>>()?));
        }
        let some = saved.get("advanced")?.as_array()?;
        Some(Selectors::Advanced(some.iter().map(advanced_read).collect::<Option<_>>()?))
    }
}

fn basic_written(one: &EventSelector) -> Value {
    let data = one.data_resources().iter();
    json!({
        "kinds": one.read_write_type.as_ref().map(ReadWriteType::as_str),
        "management": one.include_management_events,
        "data": data.map(|data| json!({ "type": data.r#type, "values": data.values() })).collect::<Vec<_>>(),
        "without": one.exclude_management_event_sources(),
    })
}

fn basic_read(saved: &Value) -> Option<EventSelector> {
    let data = saved.get("data")?.as_array()?.iter().map(|data| {
        let values = texts(data.get("values")?)?;
        Some(
            DataResource::builder()
                .set_type(data.get("type")?.as_str().map(str::to_owned))
                .set_values(Some(values))
                .build(),
        )
    });
    Some(
        EventSelector::builder()
            .set_read_write_type(saved.get("kinds")?.as_str().map(ReadWriteType::from))
            .set_include_management_events(saved.get("management")?.as_bool())
            .set_data_resources(Some(data.collect::<Option<_>>()?))
            .set_exclude_management_event_sources(Some(texts(saved.get("without")?)?))
            .build(),
    )
}

fn advanced_written(one: &AdvancedEventSelector) -> Value {
    let fields = one.field_selectors().iter().map(|field| {
        json!({
            "field": field.field, "equals": field.equals(), "starts": field.starts_with(), "ends": field.ends_with(),
            "not_equals": field.not_equals(), "not_starts": field.not_starts_with(), "not_ends": field.not_ends_with(),
        })
    });
    json!({ "name": one.name, "fields": fields.collect::<Vec<_>>() })
}

fn advanced_read(saved: &Value) -> Option<AdvancedEventSelector> {
    let fields = saved.get("fields")?.as_array()?.iter().map(|field| {
        let list = |word: &str| Some(texts(field.get(word)?)?).filter(|some| !some.is_empty());
        AdvancedFieldSelector::builder()
            .field(field.get("field")?.as_str()?)
            .set_equals(list("equals"))
            .set_starts_with(list("starts"))
            .set_ends_with(list("ends"))
            .set_not_equals(list("not_equals"))
            .set_not_starts_with(list("not_starts"))
            .set_not_ends_with(list("not_ends"))
            .build()
            .ok()
    });
    AdvancedEventSelector::builder()
        .set_name(saved.get("name")?.as_str().map(str::to_owned))
        .set_field_selectors(Some(fields.collect::<Option<_>>()?))
        .build()
        .ok()
}

fn texts(list: &Value) -> Option<Vec<String>> {
    list.as_array()?.iter().map(|one| one.as_str().map(str::to_owned)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn selectors_come_back_as_they_were_saved() {
        let data = DataResource::builder().r#type("AWS::S3::Object").values("arn:aws:s3").build();
        let basic = EventSelector::builder()
            .read_write_type(ReadWriteType::WriteOnly)
            .include_management_events(false)
            .data_resources(data)
            .build();
        let field = |name: &str, is: &str| {
            AdvancedFieldSelector::builder().field(name).equals(is).build().expect("a field")
        };
        let advanced = AdvancedEventSelector::builder()
            .name("reads")
            .field_selectors(field("eventCategory", "Management"))
            .field_selectors(field("readOnly", "true"))
            .build()
            .expect("fields");
        for narrow in [Selectors::Basic(vec![basic]), Selectors::Advanced(vec![advanced])] {
            assert!(!narrow.take_in_management());
            let wide = narrow.clone().with_management();
            assert!(wide.take_in_management());
            for one in [&narrow, &wide] {
                let again = Selectors::read(&one.written()).expect("what we wrote");
                assert_eq!(again.written(), one.written());
                assert_eq!(again.take_in_management(), one.take_in_management());
            }
            assert_eq!(wide.clone().with_management(), wide, "a second time changes nothing");
        }
        assert_eq!(Selectors::read(&json!({ "basic": [{}] })), None);
    }

    #[test]
    fn a_sixth_basic_selector_takes_the_place_of_the_first() {
        let data = DataResource::builder().r#type("AWS::S3::Object").values("arn:aws:s3").build();
        let one = EventSelector::builder().include_management_events(false).data_resources(data).build();
        let Selectors::Basic(wide) = Selectors::Basic(vec![one; 5]).with_management() else { panic!() };
        assert_eq!((wide.len(), wide[0].data_resources().len()), (5, 1));
        assert_eq!(wide[0].include_management_events, Some(true));
    }
}
