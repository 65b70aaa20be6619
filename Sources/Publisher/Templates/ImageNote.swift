internal import ByteKit

/// What a template says of the images that must be there before it is deployed: none of the tools can bring them.
enum ImageNote {
    /// For the whole template.
    static let before =
        "Images come first: with the name of its repository stands which image it is, and which command brings it there."

    /// For what names the repository.
    static func repository(_ image: Deployment.Image, of function: String) -> String {
        "The repository of ECR, in the account and region of the rest, with the image \(image.digest) of the function "
            + "\(function). Before this is deployed: scar-build push \(image.path) "
            + "ACCOUNT.dkr.ecr.REGION.amazonaws.com/REPOSITORY:\(image.digest.hex.prefix(12))"
    }
}
