internal import AWS
internal import ByteKit

/// How what a function is made from gets to Lambda: within the request, or through a bucket when it is too large for that;
/// an image is in its repository by then.
enum PackageUpload {
    /// - Parameter limit: bytes of a zip that is sent within the request.
    static func withCode(
        of deployment: Deployment, _ session: Session, limit: Int, _ body: (LambdaAPI.Code) throws -> Void
    ) throws {
        guard let package = deployment.package else {
            return try body(.image(try ImagePart.reference(of: deployment, session)))
        }
        try withCode(package, of: deployment, session, limit: limit, body)
    }

    static func withCode(
        _ package: Deployment.Package, of deployment: Deployment, _ session: Session, limit: Int,
        _ body: (LambdaAPI.Code) throws -> Void
    ) throws {
        guard package.size > limit else {
            return try body(.zip(try InputFile.contents(of: package.path, limit: limit)))
        }
        let bucket = deployment.packagesBucket ?? session.packagesBucket
        if deployment.packagesBucket == nil { session.s3.expect(owner: session.account, of: bucket) }
        let key = key(package, of: deployment.name)
        if try exists(bucket, session) == false {
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

    private static func exists(_ bucket: String, _ session: Session) throws -> Bool {
        do throws(AWSError) {
            return try session.s3.region(of: bucket) != nil
        } catch {
            guard error.isService("AccessDenied"), bucket == session.packagesBucket else { throw error }
            throw PublishError(
                .notOurs,
                "the bucket \(bucket), through which large packages go, is another account's, or closed to you",
                hint: "name a bucket of your own as ‘function.bucket’")
        }
    }

    static func prefix(_ function: String) -> String { "scar-build/packages/\(function)/" }

    static func key(_ package: Deployment.Package, of function: String) -> String {
        prefix(function) + package.digest.hex + ".zip"
    }
}
