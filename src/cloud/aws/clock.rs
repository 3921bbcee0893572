//! How far this host's clock is from AWS's: the `Date` of the first answer that we get. Times in a case are this host's, and
//! signatures more than five minutes off are refused.

use crate::cloud::clock::ahead;
use crate::model::Time;
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::Intercept;
use aws_smithy_runtime_api::client::interceptors::context::BeforeDeserializationInterceptorContextRef;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::ConfigBag;
use std::sync::{Arc, Mutex, PoisonError};

/// Hears the `Date` of each answer to a call; the last one counts.
#[derive(Clone, Debug, Default)]
pub(super) struct Clock(Arc<Mutex<Option<i64>>>);

impl Clock {
    /// Whole seconds that this host is ahead, below zero behind; `None` when no answer had a date.
    pub fn ahead(&self) -> Option<i64> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Intercept for Clock {
    fn name(&self) -> &'static str {
        "Clock"
    }

    fn read_after_transmit(
        &self,
        context: &BeforeDeserializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if let Some(ahead) =
            context.response().headers().get("date").and_then(|date| ahead(date, Time::now()))
        {
            *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(ahead);
        }
        Ok(())
    }
}
