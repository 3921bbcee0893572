//! Cloud Tasks.

use super::common::within;
use crate::catalog::{Service, on};

const QUEUE: &str = "gcp.cloudtasks.queue";
const ID: &str = concat!(within!("queues"), "|protoPayload.request.queue.name~/queues/");

pub static CLOUDTASKS: Service = Service {
    source: "cloudtasks.googleapis.com",
    rows: &[
        on("CloudTasks.CreateQueue")
            .creates(QUEUE, ID)
            .names(ID)
            .contain("cloudtasks.queues.pause;!cloudtasks.queues.delete")
            .note("Queue {id} calls the targets of its tasks, later and again, until it is paused."),
        on("CloudTasks.UpdateQueue|CloudTasks.PauseQueue|CloudTasks.ResumeQueue|CloudTasks.PurgeQueue")
            .touches(QUEUE, ID, "changed")
            .names(ID),
        on("CloudTasks.CreateTask").touches(
            QUEUE,
            "protoPayload.request.parent~/queues/|protoPayload.resourceName~/queues/",
            "task added",
        ),
        on("CloudTasks.DeleteQueue").deletes(QUEUE, ID).names(ID),
    ],
};
