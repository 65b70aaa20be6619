internal import AWS
internal import ByteKit

/// How a package gets to Lambda: within the request, or through a bucket when it is too large for that.
enum PackageUpload {
    static func withCode(
        of deployment: Deployment, _ session: Session, limit: Int, _ body: (LambdaAPI.Code) throws -> Void
    ) throws {
        let package = deployment.package
        guard package.size > limit else {
            return try body(.zip(try InputFile.contents(of: package.path, limit: limit)))
        }
        let bucket = deployment.packagesBucket ?? session.packagesBucket
        let key = key(deployment)
        if try session.s3.region(of: bucket) == nil {
            try BucketsPart.create(bucket, [Deployment.mark.name: Deployment.mark.value], session)
        }
        // What an interrupted run has brought there already is not sent again: its key is its sum.
        if try session.s3.size(bucket, key) != package.size {
            try session.s3.upload(package.path, to: bucket, key)
        }
        try body(.object(bucket: bucket, key: key))
        // Lambda has its own copy.
        try session.s3.delete(bucket, key)
    }

    static func prefix(_ function: String) -> String { "scar-build/packages/\(function)/" }

    private static func key(_ deployment: Deployment) -> String {
        prefix(deployment.name) + deployment.package.digest.hex + ".zip"
    }
}
