/// A region, and the part of AWS it lies in: names, domains and ARNs differ between them.
package struct Region: Sendable, Equatable {
    /// `eu-west-1`.
    package let name: String
    private let partition: Partition

    private struct Partition: Sendable, Equatable {
        /// As ARNs have it: `aws`, `aws-cn`.
        var name: String
        var prefixes: [String]
        var domain: String
        /// Where IAM, which has no regions, signs.
        var globalRegion: String
        /// IAM's host.
        var iamHost: String
    }

    /// From botocore's table of partitions. What begins with none of these is `aws`, which new regions mostly are.
    private static let partitions = [
        Partition(
            name: "aws-cn", prefixes: ["cn-"], domain: "amazonaws.com.cn", globalRegion: "cn-north-1",
            iamHost: "iam.cn-north-1.amazonaws.com.cn"),
        Partition(
            name: "aws-us-gov", prefixes: ["us-gov-"], domain: "amazonaws.com", globalRegion: "us-gov-west-1",
            iamHost: "iam.us-gov.amazonaws.com"),
        Partition(
            name: "aws-iso-b", prefixes: ["us-isob-"], domain: "sc2s.sgov.gov", globalRegion: "us-isob-east-1",
            iamHost: "iam.us-isob-east-1.sc2s.sgov.gov"),
        Partition(
            name: "aws-iso-e", prefixes: ["eu-isoe-"], domain: "cloud.adc-e.uk", globalRegion: "eu-isoe-west-1",
            iamHost: "iam.eu-isoe-west-1.cloud.adc-e.uk"),
        Partition(
            name: "aws-iso-f", prefixes: ["us-isof-"], domain: "csp.hci.ic.gov", globalRegion: "us-isof-south-1",
            iamHost: "iam.us-isof-south-1.csp.hci.ic.gov"),
        Partition(
            name: "aws-iso", prefixes: ["us-iso-"], domain: "c2s.ic.gov", globalRegion: "us-iso-east-1",
            iamHost: "iam.us-iso-east-1.c2s.ic.gov"),
        Partition(
            name: "aws-eusc", prefixes: ["eusc-"], domain: "amazonaws.eu", globalRegion: "eusc-de-east-1",
            iamHost: "iam.eusc-de-east-1.amazonaws.eu"),
    ]
    private static let standard = Partition(
        name: "aws", prefixes: [], domain: "amazonaws.com", globalRegion: "us-east-1", iamHost: "iam.amazonaws.com")

    /// Takes a region's name; nil when it cannot be one. A name becomes part of a host, so it is looked at closely.
    package init?(_ name: String) {
        let isName = name.utf8.allSatisfy { byte in
            (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
                || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || byte == UInt8(ascii: "-")
        }
        guard isName, (1...63).contains(name.utf8.count), !name.hasPrefix("-"), !name.hasSuffix("-") else { return nil }
        self.name = name
        partition = Self.partitions.first { $0.prefixes.contains { name.hasPrefix($0) } } ?? Self.standard
    }

    /// `aws`, `aws-cn`: the second word of ARNs.
    package var partitionName: String { partition.name }
    /// `amazonaws.com`.
    package var domain: String { partition.domain }
    var globalRegion: String { partition.globalRegion }
    var iamHost: String { partition.iamHost }
}
