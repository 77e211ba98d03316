"""Why did the network say that? Grad-CAM for an encoder (lesson 03), saliency for a decoder (lesson 08)."""
