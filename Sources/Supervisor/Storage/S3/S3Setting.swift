#if !hasFeature(Embedded)
    internal import JSON
#endif

/// Where a storage is, and how it is spoken to.
struct S3Setting: Sendable {
    /// What inputs and outputs call it.
    var name: [UInt8]
    /// The server; nil for Amazon's own, which has one for each bucket.
    var endpoint: WebAddress?
    var region: [UInt8]
    /// Whether buckets are part of the path; otherwise, where they can be, of the host's name.
    var usesPaths: Bool
    var trust: TrustStore
    var credentials: CredentialSource
    /// Why nothing can be asked, if so.
    private var problem: [UInt8]?

    /// Amazon S3, as the function's role; or what AWS's own variables name in its place.
    init(amazon environment: Environment, _ machine: TrustStore) {
        name = [UInt8]("s3")
        let address = environment["AWS_ENDPOINT_URL_S3"] ?? environment["AWS_ENDPOINT_URL"]
        endpoint = address.flatMap { WebAddress(parsing: $0) }
        if address != nil, endpoint == nil {
            problem = [UInt8]("AWS_ENDPOINT_URL_S3 or AWS_ENDPOINT_URL is no address")
        }
        region = Self.region(environment)
        usesPaths = endpoint != nil
        trust = machine
        credentials = CredentialSource(.role, environment)
    }

    /// A storage that launch.json describes.
    init(_ storage: LaunchSpec.Storage, package: [UInt8], _ environment: Environment, _ machine: TrustStore) {
        name = storage.name
        endpoint = WebAddress(parsing: storage.endpoint)
        if endpoint == nil { problem = [UInt8]("its endpoint in launch.json is no address") }
        region = storage.region
        usesPaths = storage.pathStyle
        if !storage.verify {
            trust = TrustStore(.anybody)
        } else if let authority = storage.authority {
            trust = TrustStore(.file(package.appending(path: authority)))
        } else {
            trust = machine
        }
        credentials = CredentialSource(
            .variables(
                accessKey: storage.accessKey, secretKey: storage.secretKey, sessionToken: storage.sessionToken),
            environment)
    }

    /// The region that this runs in.
    static func region(_ environment: Environment) -> [UInt8] {
        let wanted = environment["AWS_REGION"] ?? environment["AWS_DEFAULT_REGION"]
        return wanted.flatMap { isRegion($0) ? $0 : nil } ?? [UInt8]("us-east-1")
    }

    /// A region's name becomes part of a host's, so it is looked at closely.
    static func isRegion(_ name: [UInt8]) -> Bool {
        (1...63).contains(name.count)
            && name.allSatisfy { byte in
                (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
                    || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || byte == UInt8(ascii: "-")
            }
    }

    /// So does a bucket's, or of a path. Amazon S3, "General purpose bucket naming rules", and older ones.
    static func isBucket(_ name: [UInt8]) -> Bool {
        (1...255).contains(name.count) && !name.isEqual(to: ".") && !name.isEqual(to: "..")
            && name.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"):
                    true
                default: false
                }
            }
    }

    /// Where an object is: the server, and the encoded path there.
    func place(
        of bucket: [UInt8], _ key: [UInt8], in region: [UInt8]
    ) throws(Failure) -> (origin: Origin, path: [UInt8]) {
        if let problem {
            throw Failure("Storage.Unavailable", [UInt8]("the storage ") + name + [UInt8](": ") + problem)
        }
        guard Self.isBucket(bucket) else {
            throw Failure("Storage.BadKey", [UInt8]("‘") + bucket + [UInt8]("’ is no bucket name"))
        }
        var path = [UInt8]("/") + key.percentEncoded(keepingSlashes: true)
        var origin = endpoint?.origin
        var base = endpoint?.path ?? []
        while base.last == UInt8(ascii: "/") { base.removeLast() }
        if usesPaths || !Self.isName(bucket) {
            path = base + [UInt8]("/") + bucket + path
        } else {
            path = base + path
            if let host = origin?.host { origin?.host = bucket + [UInt8](".") + host }
        }
        if let origin { return (origin, path) }
        let prefix = usesPaths || !Self.isName(bucket) ? [] : bucket + [UInt8](".")
        let host = prefix + [UInt8]("s3.") + region + [UInt8](".") + [UInt8](Self.domain(of: region))
        guard let origin = Origin(authority: host, isEncrypted: true) else {
            throw Failure("Storage.BadKey", host + [UInt8](" is no host"))
        }
        return (origin, path)
    }

    /// Whether a bucket can be the first label of a host's name that a certificate with a `*` covers.
    private static func isName(_ bucket: [UInt8]) -> Bool {
        (3...63).contains(bucket.count) && isRegion(bucket) && bucket.first != UInt8(ascii: "-")
            && bucket.last != UInt8(ascii: "-")
    }

    /// From botocore's table of partitions. What begins with none of these is `aws`, which new regions mostly are.
    static func domain(of region: [UInt8]) -> StaticString {
        let domains: [(prefix: StaticString, domain: StaticString)] = [
            ("cn-", "amazonaws.com.cn"), ("us-isob-", "sc2s.sgov.gov"), ("eu-isoe-", "cloud.adc-e.uk"),
            ("us-isof-", "csp.hci.ic.gov"), ("us-iso-", "c2s.ic.gov"), ("eusc-", "amazonaws.eu"),
        ]
        for one in domains where region.starts(with: [UInt8](one.prefix)) { return one.domain }
        return "amazonaws.com"
    }
}
