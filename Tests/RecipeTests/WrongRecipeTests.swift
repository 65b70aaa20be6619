import ByteKit
import Recipe
import Testing

/// A recipe that must be refused, and all that the person is told.
struct WrongRecipe: Sendable, CustomTestStringConvertible {
    var name: String
    var text: String
    var says: String

    init(_ name: String, _ text: String, _ says: String) {
        self.name = name
        self.text = text
        self.says = says
    }

    var testDescription: String { name }

    /// A recipe whose members after name and image are these.
    static func with(_ name: String, _ members: String, _ says: String) -> WrongRecipe {
        WrongRecipe(name, "{\"name\": \"a\", \"image\": \"b\",\n \(members)}", says)
    }
}

@Suite("Wrong recipes")
struct WrongRecipeTests {
    @Test("A wrong recipe is refused with its place and what to do", arguments: shapes + values + conflicts)
    func diagnostics(_ wrong: WrongRecipe) {
        let error = #expect(throws: RecipeError.self) {
            try RecipeParser.parse([UInt8](wrong.text.utf8), path: "r.json")
        }
        #expect(error?.diagnostic.description == wrong.says)
    }

    static let shapes: [WrongRecipe] = [
        WrongRecipe("empty", "", "r.json:1:1: error[recipe-syntax]: the document ends in the middle of a value"),
        WrongRecipe("notAnObject", "[]", "r.json:1:1: error[wrong-type]: a recipe must be an object, not an array"),
        WrongRecipe(
            "trailingComma", "{\"name\": \"a\",\n}",
            "r.json:2:1: error[recipe-syntax]: this is not JSON (a missing comma, quote or bracket?)"),
        WrongRecipe(
            "duplicateKey", "{\"name\": \"a\",\n \"image\": \"b\",\n \"name\": \"c\"}",
            "r.json:3:2: error[duplicate-key]: this name stands twice in one object\n  help: remove one of the two"),
        WrongRecipe(
            "noImage", "{\"name\": \"a\"}",
            "r.json:1:1: error[missing-key]: a recipe must have ‘image’\n  help: image: The image to build from: a reference "
                + "(`ubuntu:24.04`), `oci:FOLDER[:TAG]`, `docker-archive:FILE` or `tar:FILE`. Paths are relative to the recipe's folder."
        ),
        .with(
            "misspeltKey", "\"lancher\": \"auto\"",
            "r.json:2:2: error[unknown-key]: ‘lancher’ is not a key of a recipe\n  help: did you mean ‘launcher’?"),
        .with(
            "underscores", "\"function\": {\"time_out\": 3}",
            "r.json:2:15: error[unknown-key]: ‘time_out’ is not a key of ‘function’\n  help: did you mean ‘timeout’?"),
        .with(
            "keyOfAnotherObject", "\"memory\": 512",
            "r.json:2:2: error[unknown-key]: ‘memory’ is not a key of a recipe\n  help: ‘memory’ belongs in ‘function’"),
        .with(
            "keyOfTheRecipe", "\"prune\": {\"script\": \"a.sh\"}",
            "r.json:2:12: error[unknown-key]: ‘script’ is not a key of ‘prune’\n  help: ‘script’ belongs to a recipe itself"
        ),
        .with(
            "strangeKey", "\"budget\": {\"colour\": 1}",
            "r.json:2:13: error[unknown-key]: ‘colour’ is not a key of ‘budget’\n  help: the keys here are artifact, unpacked and package"
        ),
        .with(
            "keyWithEscapes", "\"\\u001b[31m\": 1",
            "r.json:2:2: error[unknown-key]: ‘\\x1b[31m’ is not a key of a recipe\n  help: the keys here are name, image, platform, "
                + "launcher, reuse, asRoot, script, command, files, environment, prune, budget, artifact, target, function, input, output, "
                + "storages, calls, execution, api, triggers, batch and tests"),
        WrongRecipe(
            "keyBesideFunctions", "{\"functions\": [], \"name\": \"a\"}",
            "r.json:1:19: error[unknown-key]: ‘name’ is not a key of a recipe file\n  help: ‘name’ belongs in ‘functions’"
        ),
        WrongRecipe(
            "noFunctions", "{\"functions\": []}",
            "r.json:1:15: error[out-of-range]: ‘functions’ has 0 elements, but must have 1 to 256"),
        WrongRecipe(
            "twoOfOneName",
            "{\"functions\": [{\"name\": \"a\", \"image\": \"b\"},\n{\"name\": \"a\", \"image\": \"c\"}]}",
            "r.json:2:10: error[conflicting-keys]: two functions are named ‘a’\n  help: give one of them another name"),
        WrongRecipe(
            "wrongInSecond", "{\"functions\": [{\"name\": \"a\", \"image\": \"b\"},\n{\"name\": 1}]}",
            "r.json:2:10: error[wrong-type]: ‘functions[1].name’ must be a string, not a number\n  help: put it in quotes"
        ),
    ]

    static let values: [WrongRecipe] = [
        WrongRecipe(
            "badName", "{\"name\": \"a b\", \"image\": \"b\"}",
            "r.json:1:10: error[malformed-value]: ‘name’ is ‘a b’, but must be 1 to 64 letters, digits, ‘-’ and ‘_’"),
        WrongRecipe(
            "badImage", "{\"name\": \"a\", \"image\": \"oci:\"}",
            "r.json:1:24: error[malformed-value]: ‘image’: ‘oci:’ names no file"),
        .with(
            "textForNumber", "\"function\": {\"memory\": \"512\"}",
            "r.json:2:25: error[wrong-type]: ‘function.memory’ must be a whole number of MB from 128 to 10240, not a string"
                + "\n  help: leave the quotes away"),
        .with(
            "memoryTooSmall", "\"function\": {\"memory\": 127}",
            "r.json:2:25: error[out-of-range]: ‘function.memory’ is 127, but must be a whole number of MB from 128 to 10240"
        ),
        .with(
            "memoryTooLarge", "\"function\": {\"memory\": 10241}",
            "r.json:2:25: error[out-of-range]: ‘function.memory’ is 10241, but must be a whole number of MB from 128 to 10240"
        ),
        .with(
            "fraction", "\"function\": {\"timeout\": 1.5}",
            "r.json:2:26: error[out-of-range]: ‘function.timeout’ is 1.5, but must be a whole number of seconds from 1 to 900"
        ),
        .with(
            "hugeNumber", "\"function\": {\"timeout\": 99999999999999999999}",
            "r.json:2:26: error[out-of-range]: ‘function.timeout’ is 99999999999999999999, but must be a whole number of "
                + "seconds from 1 to 900"),
        .with(
            "retention", "\"function\": {\"logRetention\": 2}",
            "r.json:2:31: error[out-of-range]: ‘function.logRetention’ is 2, but must be one of these numbers of days: "
                + "1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288 or 3653"
        ),
        .with(
            "blockNoPower", "\"artifact\": {\"block\": \"100KB\"}",
            "r.json:2:24: error[out-of-range]: ‘artifact.block’ is 100KB, but must be a size that is a power of two from "
                + "4KiB to 1MiB, such as \"128KiB\" or \"100MB\""),
        .with(
            "blockUnit", "\"artifact\": {\"block\": \"128kb\"}",
            "r.json:2:24: error[malformed-value]: ‘artifact.block’ is ‘128kb’, but must be a size that is a power of two from "
                + "4KiB to 1MiB, such as \"128KiB\" or \"100MB\"\n  help: a size is a whole number and a unit without a space "
                + "between them: KiB, MiB, GiB, KB, MB, GB or B"),
        .with(
            "clampText", "\"artifact\": {\"clamp\": \"2026-02-29T00:00:00Z\"}",
            "r.json:2:24: error[malformed-value]: ‘artifact.clamp’ is ‘2026-02-29T00:00:00Z’, but must be a time in UTC from "
                + "1970-01-01T00:00:00Z to 2106-02-07T06:28:15Z, such as \"2026-01-01T00:00:00Z\", or the seconds since 1970"
        ),
        .with(
            "clampQuoted", "\"artifact\": {\"clamp\": \"1000000000\"}",
            "r.json:2:24: error[malformed-value]: ‘artifact.clamp’ is ‘1000000000’, but must be a time in UTC from "
                + "1970-01-01T00:00:00Z to 2106-02-07T06:28:15Z, such as \"2026-01-01T00:00:00Z\", or the seconds since 1970\n"
                + "  help: leave the quotes away"),
        .with(
            "clampEarly", "\"artifact\": {\"clamp\": -1}",
            "r.json:2:24: error[out-of-range]: ‘artifact.clamp’ is -1, but must be a time in UTC from "
                + "1970-01-01T00:00:00Z to 2106-02-07T06:28:15Z, such as \"2026-01-01T00:00:00Z\", or the seconds since 1970"
        ),
        .with(
            "clampLate", "\"artifact\": {\"clamp\": \"2106-02-07T06:28:16Z\"}",
            "r.json:2:24: error[out-of-range]: ‘artifact.clamp’ is 2106-02-07T06:28:16Z, but must be a time in UTC from "
                + "1970-01-01T00:00:00Z to 2106-02-07T06:28:15Z, such as \"2026-01-01T00:00:00Z\", or the seconds since 1970"
        ),
        .with(
            "tarInZip", "\"target\": \"zip\", \"artifact\": {\"format\": \"tar\"}",
            "r.json:2:42: error[conflicting-keys]: ‘artifact.format’ is tar, but the supervisor in a zip package unpacks "
                + "squashfs only\n  help: remove ‘format’, or make the target ‘tar’"),
        .with(
            "squashfsAsTar", "\"target\": \"tar\", \"artifact\": {\"format\": \"squashfs\"}",
            "r.json:2:42: error[conflicting-keys]: ‘artifact.format’ is squashfs, but the target is ‘tar’\n"
                + "  help: remove ‘format’: the target says it"),
        .with(
            "treeAsImage", "\"target\": \"image\", \"artifact\": {\"format\": \"tree\"}",
            "r.json:2:44: error[conflicting-keys]: ‘artifact.format’ is tree, but the target is ‘image’\n"
                + "  help: remove ‘format’: the target says it"),
        .with(
            "gzipLevel", "\"artifact\": {\"compression\": \"gzip\", \"level\": 13}",
            "r.json:2:47: error[out-of-range]: ‘artifact.level’ is 13, but gzip's go from 1 to 12"),
        .with(
            "gzipLevelZero", "\"artifact\": {\"compression\": \"gzip\", \"level\": 0}",
            "r.json:2:47: error[out-of-range]: ‘artifact.level’ is 0, but gzip's go from 1 to 12"),
        .with(
            "xzLevel", "\"artifact\": {\"compression\": \"xz\", \"level\": 10}",
            "r.json:2:45: error[out-of-range]: ‘artifact.level’ is 10, but xz's go from 0 to 9"),
        .with(
            "lz4Level", "\"artifact\": {\"level\": 13, \"compression\": \"lz4\"}",
            "r.json:2:24: error[out-of-range]: ‘artifact.level’ is 13, but lz4's go from 1 to 12"),
        .with(
            "zstdLevelZero", "\"artifact\": {\"level\": 0}",
            "r.json:2:24: error[out-of-range]: ‘artifact.level’ is 0, but zstd's go from 1 to 22"),
        .with(
            "zstdLevel", "\"artifact\": {\"level\": 23}",
            "r.json:2:24: error[out-of-range]: ‘artifact.level’ is 23, but must be a whole number of effort from 0 to 22"
        ),
        .with(
            "unknownValue", "\"artifact\": {\"compression\": \"zst\"}",
            "r.json:2:30: error[unknown-value]: ‘artifact.compression’ is ‘zst’, but can only be zstd, gzip, xz, lz4 or none"
                + "\n  help: did you mean ‘zstd’?"),
        .with(
            "strangeProfile", "\"prune\": {\"profile\": \"closur\"}",
            "r.json:2:23: error[unknown-value]: ‘prune.profile’ is ‘closur’, but can only be none, safe, closure, traced or fit"
                + "\n  help: did you mean ‘closure’?"
        ),
        .with(
            "strangeLauncher", "\"launcher\": \"rubi\"",
            "r.json:2:14: error[unknown-value]: ‘launcher’ is ‘rubi’, but can only be auto, generic, shell, ffmpeg, imagemagick, "
                + "python, ruby, r, node, java, perl, erlang or elixir\n  help: did you mean ‘ruby’?"),
        .with(
            "numberInEnvironment", "\"environment\": {\"A\": 1}",
            "r.json:2:23: error[wrong-type]: ‘environment.A’ must be a string, not a number\n  help: put it in quotes"),
        .with(
            "variableWithEquals", "\"environment\": {\"A=B\": \"1\"}",
            "r.json:2:18: error[malformed-value]: ‘A=B’ in ‘environment’ must be a variable's name: letters, digits and ‘_’, no digit first"
        ),
        .with(
            "variableWithNUL", "\"environment\": {\"A\": \"x\\u0000y\"}",
            "r.json:2:23: error[malformed-value]: ‘environment.A’ is ‘x\\x00y’, but must be at most 131072 characters"),
        .with(
            "lambdasOwnVariable", "\"function\": {\"environment\": {\"AWS_REGION\": \"x\"}}",
            "r.json:2:31: error[malformed-value]: ‘AWS_REGION’ in ‘function.environment’ must be two or more letters, digits and "
                + "‘_’, a letter first, and none of Lambda's own (AWS_…, LAMBDA_…)"),
        .with(
            "sixLayers",
            "\"function\": {\"layers\": [\"a\", \"b\", \"c\", \"d\", \"e\", \"f\"]}",
            "r.json:2:25: error[out-of-range]: ‘function.layers’ has 6 elements, but must have 0 to 5"),
        .with(
            "textForList", "\"command\": \"ffmpeg\"",
            "r.json:2:13: error[wrong-type]: ‘command’ must be an array, not a string\n  help: put it in brackets: [\"…\"]"
        ),
        .with(
            "inputWithoutPath", "\"input\": [{\"storage\": \"s3\"}]",
            "r.json:2:12: error[missing-key]: an input must have ‘path’\n  help: path: A bucket, and a folder in it. "
                + "Files whose path begins with this folder call the function."),
        .with(
            "bucketWithCapitals", "\"input\": [{\"path\": \"Videos/in\"}]",
            "r.json:2:21: error[malformed-value]: ‘input[0].path’ is ‘Videos/in’, but must be a bucket and a folder in it, "
                + "such as \"videos/in\", without ‘*’, ‘?’ and ‘$’"),
        .with(
            "pathWithStar", "\"output\": [{\"path\": \"videos/*\"}]",
            "r.json:2:22: error[malformed-value]: ‘output[0].path’ is ‘videos/*’, but must be a bucket and a folder in it, "
                + "such as \"videos/in\", without ‘*’, ‘?’ and ‘$’"),
    ]

    static let conflicts: [WrongRecipe] = [
        .with(
            "tokensForURL",
            "\"api\": {\"kind\": \"url\", \"jwt\": {\"issuer\": \"https://a.b\", \"audience\": [\"c\"]}}",
            "r.json:2:32: error[conflicting-keys]: ‘api.jwt’ is for ‘api.kind’ http\n"
                + "  help: set ‘kind’ to \"http\", or use ‘authorization’ instead"),
        .with(
            "corsForREST", "\"api\": {\"kind\": \"rest\", \"cors\": {\"origins\": [\"*\"]}}",
            "r.json:2:34: error[conflicting-keys]: ‘api.cors’ is for ‘api.kind’ http and url\n"
                + "  help: a REST API hands every request to the function, and so those that browsers ask first"),
        .with(
            "absoluteScript", "\"script\": \"/etc/passwd\"",
            "r.json:2:12: error[path-outside-recipe]: ‘script’ is ‘/etc/passwd’, which is absolute\n  help: \(ownFolder)"
        ),
        .with(
            "escapingFile", "\"files\": [\"ok\", \"a/../../b\"]",
            "r.json:2:18: error[path-outside-recipe]: ‘files[1]’ is ‘a/../../b’, which leads out of the recipe's folder\n  help: \(ownFolder)"
        ),
        .with(
            "wholeFolder", "\"files\": [\".\"]",
            "r.json:2:12: error[path-outside-recipe]: ‘files[0]’ is ‘.’, which leads out of the recipe's folder\n  help: \(ownFolder)"
        ),
        .with(
            "sameFileTwice", "\"files\": [\"a\", \"./a\"]",
            "r.json:2:17: error[conflicting-keys]: ‘files’ names ‘a’ twice\n  help: remove one of the two"),
        .with(
            "scriptAndCommand", "\"script\": \"a.sh\", \"command\": [\"b\"]",
            "r.json:2:31: error[conflicting-keys]: ‘script’ and ‘command’ exclude each other\n  help: remove one of the two"
        ),
        .with(
            "architectureAgainstPlatform", "\"platform\": \"linux/amd64\", \"function\": {\"architecture\": \"arm64\"}",
            "r.json:2:58: error[conflicting-keys]: ‘function.architecture’ is for linux/arm64, but ‘platform’ is linux/amd64"
                + "\n  help: leave one of the two away: each follows the other"),
        .with(
            "levelWithoutCompression", "\"artifact\": {\"compression\": \"none\", \"level\": 1}",
            "r.json:2:47: error[conflicting-keys]: ‘artifact.level’ has no meaning without compression\n  help: remove ‘level’"
        ),
        .with(
            "blockOfTar", "\"artifact\": {\"format\": \"tar\", \"block\": 4096}",
            "r.json:2:41: error[conflicting-keys]: ‘artifact.block’ is squashfs's, but the format is tar\n  help: remove ‘block’"
        ),
        .with(
            "thresholdEatsTimeout", "\"function\": {\"timeout\": 10}",
            "r.json:2:26: error[conflicting-keys]: ‘function.timeoutThreshold’ (10) leaves nothing of ‘function.timeout’ (10) "
                + "for the script\n  help: set ‘timeoutThreshold’ to fewer seconds than ‘timeout’"),
        .with(
            "runtimeWithoutTarget", "\"function\": {\"runtime\": \"ruby\"}",
            "r.json:2:26: error[conflicting-keys]: ‘function.runtime’ names a runtime, but the target is ‘auto’\n"
                + "  help: make the target ‘runtime’, or remove the name"),
        .with(
            "fileSystemWithoutNetwork",
            "\"function\": {\"fileSystems\": [{\"arn\": "
                + "\"arn:aws:elasticfilesystem:eu-west-1:123456789012:access-point/fsap-0123456789abcdef0\", \"path\": \"/mnt/a\"}]}",
            "r.json:2:30: error[conflicting-keys]: ‘function.fileSystems’ needs ‘function.vpc’\n  help: EFS is reached through a "
                + "network: add ‘vpc’ with its subnets and security groups"),
        .with(
            "environmentOver4KB",
            "\"function\": {\"environment\": {\"AB\": \"\(String(repeating: "x", count: 4095))\"}}",
            "r.json:2:30: error[out-of-range]: ‘function.environment’ has 4097 bytes, but Lambda takes 4096\n  help: move what the "
                + "script needs to the recipe's ‘environment’, which has no such limit"),
        .with(
            "outputCallsInput", "\"input\": [{\"path\": \"videos\"}], \"output\": [{\"path\": \"videos/out\"}]",
            "r.json:2:53: error[conflicting-keys]: ‘output[0]’ puts files into ‘videos’, where they call the function again"
                + "\n  help: use another folder, or prefixes or suffixes that differ"),
        .with(
            "suffixesThatMeet",
            "\"input\": [{\"path\": \"abc\", \"suffix\": [\".gz\"]}], \"output\": [{\"path\": \"abc\", \"suffix\": [\".tar.gz\"]}]",
            "r.json:2:69: error[conflicting-keys]: ‘output[0]’ puts files into ‘abc’, where they call the function again"
                + "\n  help: use another folder, or prefixes or suffixes that differ"),
        .with(
            "storageOfNobody", "\"output\": [{\"path\": \"abc\", \"storage\": \"minio\"}]",
            "r.json:2:40: error[unknown-value]: ‘output[0].storage’ is ‘minio’, which is none of the recipe's ‘storages’"
                + "\n  help: describe it under ‘storages’, or use s3"),
        .with(
            "storageOfLater", "\"input\": [{\"path\": \"abc\", \"storage\": \"webdav.home\"}]",
            "r.json:2:39: error[not-in-this-version]: ‘input[0].storage’ cannot be ‘webdav.home’: not in this version"
                + "\n  help: it can be s3, or a server that speaks S3's protocol"),
        .with(
            "storageTwice", "\"storages\": [\(server), \(server)]",
            "r.json:2:123: error[conflicting-keys]: the storage ‘minio’ is there twice\n  help: choose another name"),
        .with(
            "storageCalledS3", "\"storages\": [\(server.replacing("minio", with: "s3"))]",
            "r.json:2:24: error[conflicting-keys]: the storage ‘s3’ is Amazon's own\n  help: choose another name"),
        .with(
            "authorityUnasked",
            "\"storages\": [\(server.replacing("https", with: "http").replacing("}", with: ", \"authority\": \"ca.pem\"}"))]",
            "r.json:2:125: error[conflicting-keys]: the storage ‘minio’ has an ‘authority’ and does not ask for it"
                + "\n  help: remove it, or use https:// and ‘verify’"),
        .with(
            "batchWithoutWindow",
            #""triggers": {"queues": [{"arn": "arn:aws:sqs:eu-west-1:123456789012:q", "batchSize": 11}]}"#,
            "r.json:2:87: error[conflicting-keys]: ‘batchSize’ is 11, and without a ‘window’ a queue gives at most 10\n  help: "
                + "add a ‘window’ of a second or more"),
        .with(
            "fifoWithWindow",
            #""triggers": {"queues": [{"arn": "arn:aws:sqs:eu-west-1:123456789012:q.fifo", "window": 5}]}"#,
            "r.json:2:34: error[conflicting-keys]: a queue that keeps its order gives at most 10 messages, and gathers none\n  help: "
                + "set ‘batchSize’ to 10 or less, and leave ‘window’ out"),
        .with(
            "queueTwice",
            #""triggers": {"queues": [{"arn": "arn:aws:sqs:eu-west-1:123456789012:q"}, {"arn": "arn:aws:sqs:eu-west-1:123456789012:q"}]}"#,
            "r.json:2:83: error[conflicting-keys]: ‘triggers.queues’ has the same queue twice\n  help: "
                + "remove one of the two"),
        .with(
            "ruleWithBoth",
            #""triggers": {"rules": [{"name": "n", "schedule": "rate(1 day)", "pattern": {}}]}"#,
            "r.json:2:25: error[conflicting-keys]: the rule ‘n’ must have either ‘schedule’ or ‘pattern’\n  help: "
                + "‘schedule’ is for times, ‘pattern’ for events; two rules can have one each"),
        .with(
            "scheduleElsewhere",
            #""triggers": {"rules": [{"name": "n", "schedule": "rate(1 day)", "bus": "b"}]}"#,
            "r.json:2:73: error[conflicting-keys]: the rule ‘n’ has a ‘schedule’, which only the default bus knows\n  help: "
                + "remove ‘bus’"),
        .with(
            "ruleTwice",
            #""triggers": {"rules": [{"name": "n", "pattern": {}}, {"name": "n", "pattern": {}}]}"#,
            "r.json:2:64: error[conflicting-keys]: two rules are called ‘n’\n  help: "
                + "choose another name for one"),
        .with(
            "testWithBoth", "\"tests\": [{\"name\": \"t\", \"event\": \"e.json\", \"input\": \"i\"}]",
            "r.json:2:54: error[conflicting-keys]: ‘event’ and ‘input’ of a test exclude each other\n  help: make two tests of it"
        ),
    ]

    private static let server =
        "{\"name\": \"minio\", \"endpoint\": \"https://m.example\", \"accessKey\": \"M_KEY\", \"secretKey\": \"M_SECRET\"}"

    static let ownFolder =
        "a recipe ships only what stands in its own folder and below: put the file there, or the recipe beside it"

    @Test("Suffixes that differ, and folders that only begin alike, make no loop")
    func noLoop() throws {
        let suffixes = """
            {"name": "a", "image": "b", "input": [{"path": "abc", "suffix": [".mp4"]}],
             "output": [{"path": "abc", "suffix": [".jpg"]}, {"path": "abcd"}]}
            """
        #expect(try parse(suffixes).outputs.count == 2)
        #expect(
            try parse(
                #"{"name": "a", "image": "b", "function": {"environment": {"AB": "\#(String(repeating: "x", count: 4094))"}}}"#
            ).name == "a")
    }
}
