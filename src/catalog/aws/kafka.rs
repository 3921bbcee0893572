//! Amazon MSK.

use crate::catalog::{Service, on};

pub static KAFKA: Service = Service {
    source: "kafka.amazonaws.com",
    rows: &[
        on("CreateCluster|CreateClusterV2")
            .creates("aws.kafka.cluster", "responseElements.clusterArn|requestParameters.clusterName")
            .names("requestParameters.clusterName")
            .contain("kafka:DeleteCluster"),
        on("DeleteCluster")
            .deletes("aws.kafka.cluster", "requestParameters.clusterArn|responseElements.clusterArn"),
    ],
};
