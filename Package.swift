// swift-tools-version: 6.2
import PackageDescription

/// One set of rules for all our Swift: language mode 6, every unsafe expression spelled, warnings are errors.
let strict: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .enableExperimentalFeature("Lifetimes"),
    .strictMemorySafety(),
    .treatAllWarnings(as: .error),
]

/// The supervisor ships in every package and must start anywhere: Embedded Swift, fully static.
/// See docs/decisions/0003-embedded-supervisor.md.
let embedded: [SwiftSetting] =
    strict + [.enableExperimentalFeature("Embedded"), .unsafeFlags(["-wmo", "-Osize"])]
let staticLink: [LinkerSetting] = [
    // Nothing in it unwinds its stack, so it needs no index for that.
    .unsafeFlags([
        "-Xclang-linker", "-static", "-Xlinker", "--gc-sections", "-Xlinker", "--no-eh-frame-hdr", "-Xlinker", "-s",
    ]), .linkedLibrary("ssl"), .linkedLibrary("crypto"), .linkedLibrary("zstd"), .linkedLibrary("deflate"),
    .linkedLibrary("lzma"), .linkedLibrary("lz4"), .linkedLibrary("m"),
]

func module(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: strict)
}

func tests(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .testTarget(
        name: "\(name)Tests", dependencies: dependencies + [.init(stringLiteral: name), "TestKit"],
        swiftSettings: strict)
}

let package = Package(
    name: "scar-build",
    products: [
        .executable(name: "scar-build", targets: ["scar-build"]),
        .executable(name: "bootstrap", targets: ["bootstrap"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2")
    ],
    targets: [
        // The doors to C: each library enters through exactly one of these.
        .systemLibrary(name: "CCurl", pkgConfig: "libcurl", providers: [.apt(["libcurl4-openssl-dev"])]),
        .systemLibrary(name: "CArchive", pkgConfig: "libarchive", providers: [.apt(["libarchive-dev"])]),
        .systemLibrary(name: "CDigest", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
        .systemLibrary(
            name: "CCompress", providers: [.apt(["libzstd-dev", "libdeflate-dev", "liblzma-dev", "liblz4-dev"])]),
        .systemLibrary(name: "CInflate", pkgConfig: "libisal", providers: [.apt(["libisal-dev"])]),
        .systemLibrary(name: "CYAML", pkgConfig: "yaml-0.1", providers: [.apt(["libyaml-dev"])]),
        .target(name: "CSystem"),
        .target(name: "CSupervisor", linkerSettings: [.linkedLibrary("ssl"), .linkedLibrary("crypto")]),

        // What everything stands on.
        module("ByteKit", ["CDigest", "CSystem"]),
        module("Calendar"),
        module("JSON"),
        module("Signing", ["Calendar", "JSON", "CSupervisor"]),
        module("SquashFS", ["CCompress", "CSupervisor"]),
        module("ELF", ["ByteKit"]),
        module("ImageModel", ["ByteKit", "JSON"]),
        module("Transport", ["ByteKit", "Calendar", "CCurl"]),

        // The stages, in the order an image passes them.
        module("Recipe", ["ByteKit", "Calendar", "JSON", "ImageModel", "CYAML"]),
        module("Registry", ["Transport", "ImageModel", "ByteKit", "JSON"]),
        module("LayerFS", ["SquashFS", "ELF", "ByteKit", "CCompress", "CInflate", "CArchive"]),
        module("Supervisor", ["SquashFS", "Signing", "Calendar", "JSON", "CSupervisor"]),
        module("Packager", ["Supervisor", "ByteKit", "Calendar", "JSON", "CCompress"]),
        module("AWS", ["Transport", "Signing", "ByteKit", "JSON"]),
        module("Publisher", ["AWS", "Transport", "ByteKit", "JSON"]),
        module("Report", ["LayerFS", "SquashFS", "ImageModel", "ByteKit", "JSON"]),

        // What joins them, and what people type.
        module(
            "Toolchain",
            [
                "Recipe", "Registry", "LayerFS", "Packager", "Publisher", "Report", "AWS", "Supervisor", "SquashFS",
                "Transport", "ImageModel", "ByteKit", "JSON",
            ]),
        .executableTarget(
            name: "scar-build",
            dependencies: [
                "Toolchain", "Publisher", "Report", "AWS", "Recipe", "Registry", "ImageModel", "JSON",
                "ByteKit", .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: strict),

        // The supervisor's product: the same sources as Supervisor, SquashFS, Signing, JSON and Calendar, through links,
        // compiled Embedded.
        .executableTarget(
            name: "bootstrap", dependencies: ["CSupervisor", "CCompress"],
            swiftSettings: embedded, linkerSettings: staticLink),

        // Tests. Peers and misbehaving servers are in TestKit; everything else is beside what it tests.
        .target(
            name: "TestKit", dependencies: ["Transport", "ImageModel", "LayerFS", "ByteKit", "JSON"],
            path: "Tests/TestKit", swiftSettings: strict),
        tests("ByteKit"),
        tests("Calendar"),
        tests("JSON"),
        tests("SquashFS", ["ByteKit"]),
        tests("ELF", ["ByteKit"]),
        tests("ImageModel", ["ByteKit", "JSON"]),
        tests("Transport", ["ByteKit"]),
        tests("Recipe", ["ImageModel", "ByteKit", "JSON"]),
        tests("Registry", ["Transport", "ImageModel", "ByteKit", "JSON"]),
        tests("LayerFS", ["SquashFS", "ELF", "ByteKit", "JSON"]),
        tests("Supervisor", ["SquashFS", "Signing", "Transport", "JSON", "ByteKit"]),
        tests("Packager", ["Supervisor", "ByteKit", "JSON"]),
        tests("AWS", ["Transport", "ByteKit", "JSON"]),
        tests("Publisher", ["Recipe", "Toolchain", "AWS", "Transport", "ByteKit", "JSON"]),
        tests("Report", ["LayerFS", "ImageModel", "ByteKit", "JSON"]),
        tests(
            "Toolchain",
            [
                "Recipe", "Registry", "Packager", "Publisher", "LayerFS", "SquashFS", "AWS", "Transport", "ImageModel",
                "ByteKit", "JSON",
            ]),
        .testTarget(name: "CommandTests", dependencies: ["TestKit", "ByteKit", "JSON"], swiftSettings: strict),
        .testTarget(
            name: "DocsTests",
            dependencies: [
                "scar-build", "Recipe", "TestKit", "ByteKit",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ], swiftSettings: strict),
        .testTarget(name: "PathLibraryTests", dependencies: ["TestKit", "ByteKit"], swiftSettings: strict),
        .testTarget(name: "ConformanceTests", dependencies: ["TestKit"], swiftSettings: strict),
        .testTarget(name: "StructureTests", dependencies: ["TestKit", "ByteKit"], swiftSettings: strict),

        // What is fuzzed: the tests replay its corpus, and the fuzzer below calls the same functions.
        .target(
            name: "FuzzTargets",
            dependencies: [
                "LayerFS", "SquashFS", "ELF", "Supervisor", "Recipe", "Report", "Transport", "ImageModel", "ByteKit",
                "JSON",
            ], path: "Tests/Fuzz/Targets", swiftSettings: strict),
        .testTarget(
            name: "FuzzTests", dependencies: ["FuzzTargets", "LayerFS", "TestKit", "ByteKit"], swiftSettings: strict),
    ]
)

// Only for scripts/fuzz: it links only with libFuzzer, and with every module compiled to count its branches.
if Context.environment["SCAR_FUZZ"] == "1" {
    package.targets += [
        .systemLibrary(name: "CFuzzer", path: "Tests/Fuzz/CFuzzer"),
        .executableTarget(
            name: "fuzz", dependencies: ["FuzzTargets", "CFuzzer"], path: "Tests/Fuzz/Driver", swiftSettings: strict),
    ]
}

// Only for scripts/bench: what pulling alone costs.
if Context.environment["SCAR_BENCH"] == "1" {
    package.targets.append(
        .executableTarget(
            name: "pull", dependencies: ["Registry", "ImageModel", "ByteKit"], path: "Tests/Bench",
            swiftSettings: strict))
}
