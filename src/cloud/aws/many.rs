//! Many questions about one place: some at once, answers in order; lists that end where the cloud says so.
//!
//! For the service files alone; knows no service.

use crate::cloud::{CloudError, Refusal};
use crate::model::Place;
use std::collections::HashSet;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::Poll;

/// More at once would only be throttled: most calls of the services that we stop things in allow about ten a second.
const AT_ONCE: usize = 8;

/// Asks about each, some at once; answers in their order.
pub(super) async fn each<T, F: Future>(
    asked: impl IntoIterator<Item = T>,
    ask: impl Fn(T) -> F,
) -> Vec<F::Output> {
    /// A question that is out, and its answer when it has come.
    type Out<F> = (Pin<Box<F>>, Option<<F as Future>::Output>);
    let mut left = asked.into_iter();
    let mut answers = Vec::new();
    loop {
        let mut asking: Vec<Out<F>> =
            left.by_ref().take(AT_ONCE).map(|one| (Box::pin(ask(one)), None)).collect();
        if asking.is_empty() {
            return answers;
        }
        poll_fn(|context| {
            let mut waits = false;
            for (question, answer) in asking.iter_mut().filter(|(_, answer)| answer.is_none()) {
                match question.as_mut().poll(context) {
                    Poll::Ready(ready) => *answer = Some(ready),
                    Poll::Pending => waits = true,
                }
            }
            if waits { Poll::Pending } else { Poll::Ready(()) }
        })
        .await;
        answers.extend(asking.into_iter().filter_map(|(_, answer)| answer));
    }
}

/// One error for all of them, in place of answers.
pub(super) fn none_of<A, T>(asked: &[A], error: CloudError) -> Vec<Result<T, CloudError>> {
    asked.iter().map(|_| Err(error.clone())).collect()
}

/// Reads a list to its end: an empty page with a token is not the end, and a token that comes again is no answer.
pub(super) async fn pages<T, F>(
    call: &'static str,
    at: &Place,
    page: impl Fn(Option<String>) -> F,
) -> Result<Vec<T>, CloudError>
where
    F: Future<Output = Result<(Vec<T>, Option<String>), CloudError>>,
{
    let (mut all, mut met, mut token) = (Vec::new(), HashSet::new(), None);
    loop {
        let (some, next) = page(token).await?;
        all.extend(some);
        let Some(next) = next.filter(|next| !next.is_empty()) else { return Ok(all) };
        if !met.insert(next.clone()) {
            return Err(CloudError::new(Refusal::Failed, call, at, None, "its pages never end"));
        }
        token = Some(next);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::ready;

    fn now<T>(future: impl Future<Output = T>) -> T {
        tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
    }

    #[test]
    fn answers_stand_in_the_order_of_the_questions() {
        let slowest_first = |n: u64| async move {
            tokio::time::sleep(std::time::Duration::from_millis(20 - n % 20)).await;
            n
        };
        assert_eq!(now(each(0..20, slowest_first)), (0..20).collect::<Vec<_>>());
        assert_eq!(now(each([] as [u64; 0], slowest_first)), [] as [u64; 0]);
    }

    #[test]
    fn lists_end_where_the_cloud_says_so_and_circles_are_errors() {
        let at = Place::new("111122223333", "eu-west-3");
        type Next = fn(Option<&str>) -> (Vec<u32>, Option<&'static str>);
        let pages_of = |next: Next| {
            now(pages("x:List", &at, |token: Option<String>| {
                let (some, next) = next(token.as_deref());
                ready(Ok((some, next.map(str::to_owned))))
            }))
        };
        let with_an_empty_page = pages_of(|token| match token {
            None => (vec![1], Some("a")),
            Some("a") => (vec![], Some("b")),
            Some(_) => (vec![2], Some("")),
        });
        assert_eq!(with_an_empty_page, Ok(vec![1, 2]));
        let circle = pages_of(|token| (vec![1], if token == Some("a") { Some("b") } else { Some("a") }));
        assert_eq!(circle.map_err(|error| error.refusal), Err(Refusal::Failed));
    }
}
