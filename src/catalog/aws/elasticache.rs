//! Amazon ElastiCache.

use crate::catalog::{Service, on};

pub static ELASTICACHE: Service = Service {
    source: "elasticache.amazonaws.com",
    rows: &[
        on("CreateReplicationGroup")
            .creates(
                "aws.elasticache.replication_group",
                "responseElements.replicationGroupId|requestParameters.replicationGroupId",
            )
            .names("responseElements.aRN")
            .contain("elasticache:DeleteReplicationGroup"),
        on("DeleteReplicationGroup")
            .deletes("aws.elasticache.replication_group", "requestParameters.replicationGroupId"),
        on("CreateCacheCluster")
            .creates(
                "aws.elasticache.cluster",
                "responseElements.cacheClusterId|requestParameters.cacheClusterId",
            )
            .names("responseElements.aRN")
            .contain("elasticache:DeleteCacheCluster"),
        on("DeleteCacheCluster").deletes("aws.elasticache.cluster", "requestParameters.cacheClusterId"),
        on("CreateServerlessCache")
            .creates(
                "aws.elasticache.serverless_cache",
                "responseElements.serverlessCache.aRN|requestParameters.serverlessCacheName",
            )
            .names("requestParameters.serverlessCacheName")
            .contain("elasticache:DeleteServerlessCache"),
        on("DeleteServerlessCache")
            .deletes("aws.elasticache.serverless_cache", "requestParameters.serverlessCacheName"),
    ],
};
