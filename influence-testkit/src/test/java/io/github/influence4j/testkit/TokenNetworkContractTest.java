package io.github.influence4j.testkit;

/** The contract holds for a plain network with padding. */
class TokenNetworkContractTest extends GradientProviderContract<TokenNetwork.Sequence> {

    @Override
    protected HostModel<TokenNetwork.Sequence> host() {
        return new TokenNetwork(TokenNetwork.Defect.NONE, false);
    }
}
